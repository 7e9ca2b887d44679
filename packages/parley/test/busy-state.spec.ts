import type { OwnState } from '@parley/signalling'
import { expect } from 'chai'
import { createBusyState } from '../src/busy-state.ts'

describe('presence during calls', () => {
  const world = (state: OwnState): { setBusy: (isBusy: boolean) => void, state(): OwnState | undefined, set(state: OwnState): void } => {
    let now: OwnState | undefined = state
    const presence = { set (next: OwnState) { now = next }, state: () => now }
    return { setBusy: createBusyState(presence), ...presence }
  }

  it('is busy while there are some, and what it was before afterwards', () => {
    const { setBusy, state } = world({ availability: 'live', declared: 'at my desk' })
    setBusy(true)
    setBusy(true)
    expect(state()).to.deep.equal({ availability: 'busy', declared: 'at my desk' })
    setBusy(false)
    expect(state()).to.deep.equal({ availability: 'live', declared: 'at my desk' })
  })

  it('keeps what was said during a call', () => {
    const { setBusy, state, set } = world({ availability: 'can-ring' })
    setBusy(true)
    set({ availability: 'live', doNotDisturb: true })
    setBusy(false)
    expect(state()).to.deep.equal({ availability: 'live', doNotDisturb: true })
  })

  it('leaves alone what no call changed', () => {
    const { setBusy, state } = world({ availability: 'busy' })
    setBusy(false)
    expect(state()).to.deep.equal({ availability: 'busy' })
  })
})
