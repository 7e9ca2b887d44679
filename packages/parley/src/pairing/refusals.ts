import { PairingBusyError, PairingMismatchError, PairingRefusedError, SpentCodeError } from './errors.ts'
import type { Refusal } from './frames.ts'

/** Returns what a refusal of the other end means here. */
export function errorOfRefusal (reason: Refusal, detail: string): Error {
  switch (reason) {
    case 'busy': return new PairingBusyError()
    case 'spent': return new SpentCodeError()
    case 'expired': return new PairingRefusedError('them', 'the code has expired')
    case 'unproven': return new PairingMismatchError('the other device does not believe that its code was read')
    case 'mismatch': return new PairingMismatchError(`the other device says: ${detail}`)
    case 'refused': return new PairingRefusedError('them', detail === '' ? 'its people said no' : detail)
    case 'failed': return new PairingRefusedError('them', detail === '' ? 'it could not go on' : `it could not go on, ${detail}`)
  }
}
