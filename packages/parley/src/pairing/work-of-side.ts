import type { PairingSecrets } from '@parley/identity'
import { InvalidArgumentError } from '@parley/core'
import type { OwnSide } from './own-side.ts'
import type { PairingWork } from './session.ts'
import type { AddedDevice, ExistingSide, JoinedPerson, NewSide, PairingComponents, PairingPeer } from './types.ts'
import { issueWelcome, openWelcome } from './welcome.ts'

/** Returns what this side does once everybody agreed. */
export function workOf ({ keys, clock, random }: PairingComponents, ours: NewSide | ExistingSide, own: OwnSide, peer: PairingPeer): PairingWork<AddedDevice | JoinedPerson> {
  if (ours.side === 'existing') {
    return {
      side: 'existing',
      async issue (secrets: PairingSecrets) {
        const { added, frame } = await issueWelcome({ keys, clock, random }, ours, peer, secrets)
        return { welcome: frame, result: added }
      }
    }
  }
  if (own.side !== 'new') throw new InvalidArgumentError('A new device has no person to speak of')
  return {
    side: 'new',
    async open (secrets: PairingSecrets, welcome: Uint8Array) {
      const joined = await openWelcome({ keys }, own, peer, secrets, welcome)
      await ours.keep(joined)
      return joined
    }
  }
}
