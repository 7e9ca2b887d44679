import { didFromPublicKey, type PairingCode } from '@parley/identity'
import type { Hello } from './frames.ts'
import type { PairingPeer } from './types.ts'

/** Returns the device that showed a code. */
export function peerOfCode (code: PairingCode): PairingPeer {
  const { device, sealing, name, platform } = code
  return code.side === 'new'
    ? { device, sealing, name, platform, roles: code.roles, capabilities: code.capabilities }
    : { device, sealing, name, platform, roles: ['admin'], capabilities: [], person: code.person }
}

/** Returns the device that dialled. */
export function peerOfHello (hello: Hello): PairingPeer {
  const { sealing, name, platform } = hello
  const device = didFromPublicKey(hello.device)
  return hello.side === 'new'
    ? { device, sealing, name, platform, roles: hello.roles, capabilities: hello.capabilities }
    : { device, sealing, name, platform, roles: ['admin'], capabilities: [], person: didFromPublicKey(hello.person) }
}
