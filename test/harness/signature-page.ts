/** Runs in a page: gives the verdicts of the package as browsers get it. */
import { verifyEd25519 } from '@parley/identity'

export interface SignatureCase { name: string, publicKey: string, message: string, signature: string }

const bytes = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g) ?? [], pair => Number.parseInt(pair, 16))

/** A verdict for each case, in their order; an error is no verdict and is told by its name. */
export async function verdicts (cases: SignatureCase[]): Promise<Array<boolean | string>> {
  return await Promise.all(cases.map(async ({ publicKey, message, signature }) => {
    try {
      return await verifyEd25519(bytes(publicKey), bytes(message), bytes(signature))
    } catch (error) {
      return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    }
  }))
}

Object.assign(globalThis, { verdicts })
