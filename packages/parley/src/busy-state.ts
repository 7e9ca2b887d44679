import type { OwnState, Presence } from '@parley/signalling'

/** Creates what shows our person as busy while they are in a call, and then again as what they were before, or said meanwhile. */
export function createBusyState (presence: Pick<Presence, 'set' | 'state'>): (isBusy: boolean) => void {
  let before: OwnState['availability'] | undefined
  return isBusy => {
    const state = presence.state() ?? { availability: 'can-ring' }
    if (isBusy) {
      before ??= state.availability
      presence.set({ ...state, availability: 'busy' })
    } else if (before !== undefined) {
      // What an app said during the call counts.
      presence.set({ ...state, availability: state.availability === 'busy' ? before : state.availability })
      before = undefined
    }
  }
}
