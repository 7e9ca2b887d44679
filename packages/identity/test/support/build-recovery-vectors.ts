import { createSigner, recoveryPhrase, recoverySealingOf } from '@parley/identity'
import { hkdfSync } from 'node:crypto'
import { toString } from 'uint8arrays'

const hex = (bytes: Uint8Array): string => toString(bytes, 'hex')

export type RecoveryVectors = Awaited<ReturnType<typeof buildRecoveryVectors>>

/** The phrase, the DID and the recovery key of two seeds; bytes as hex, `sealing` the public key of `secret`. */
export async function buildRecoveryVectors () {
  const seeds = [new Uint8Array(32).fill(1), new Uint8Array(32).map((_value, index) => index)]
  return await Promise.all(seeds.map(async seed => ({
    seed: hex(seed),
    phrase: recoveryPhrase(seed),
    person: (await createSigner(seed)).did,
    secret: hex(new Uint8Array(hkdfSync('sha256', seed, new Uint8Array(0), 'parley/1/recovery-sealing', 32))),
    sealing: hex((await recoverySealingOf(seed)).publicKey)
  })))
}
