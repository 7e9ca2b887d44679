import { createAgreementKey, createDeviceKeys, createPreKeyBatch, createSigner, type PreKeyBatch, type UnsignedPreKey } from '@parley/identity'
import { toString } from 'uint8arrays'

const repeated = (byte: number, length = 32): Uint8Array => new Uint8Array(length).fill(byte)
const T0 = 1_700_000_000_000

/** A batch of two keys, from fixed secrets and times. */
export async function buildPreKeyBatch (): Promise<PreKeyBatch> {
  const person = (await createSigner(repeated(1))).did
  const phone = await createDeviceKeys({ seed: repeated(2), sealingSecret: repeated(3) })
  const key = async (byte: number, expires: number): Promise<UnsignedPreKey> => ({ id: repeated(byte, 8), key: (await createAgreementKey(repeated(byte))).publicKey, expires })
  return await createPreKeyBatch(phone.signer, {
    person, series: repeated(9, 8), number: 4, issued: T0, keys: [await key(12, T0 + 2000), await key(11, T0 + 1000)], lastResort: await key(13, T0 + 3000)
  })
}

export async function buildPreKeyVectors (): Promise<Record<string, unknown>> {
  const { bytes, keys, lastResort } = await buildPreKeyBatch()
  const hex = ({ id, key, expires, sig }: typeof lastResort) => ({ id: toString(id, 'hex'), key: toString(key, 'hex'), expires, sig: toString(sig, 'hex') })
  return { block: toString(bytes, 'hex'), keys: keys.map(hex), lastResort: hex(lastResort) }
}
