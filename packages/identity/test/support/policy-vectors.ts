import { createDeviceKeys, createPolicy, createSigner } from '@parley/identity'
import { toString } from 'uint8arrays'

const repeated = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)

/** Two policies from fixed secrets and times: one that decides nothing, one with everything. */
export async function buildPolicyVectors (): Promise<Array<{ block: string, cid: string }>> {
  const person = (await createSigner(repeated(1))).did
  const phone = await createDeviceKeys({ seed: repeated(2), sealingSecret: repeated(3) })
  const others = await Promise.all([11, 12, 13, 14].map(async byte => (await createSigner(repeated(byte))).did))
  const [a = '', b = '', c = '', d = ''] = others
  const policies = [
    await createPolicy(phone.signer, { person, version: { wallMs: 0, counter: 0 } }),
    await createPolicy(phone.signer, {
      person,
      version: { wallMs: 1_700_000_000_000, counter: 3 },
      blocked: [a, b],
      contacts: [c],
      declined: [d],
      strangers: 'refuse',
      limits: { requestsPerStranger: 2, requestsTotal: 5, requestSeconds: 30, requestBytes: 65_536 }
    })
  ]
  return policies.map(({ bytes, cid }) => ({ block: toString(bytes, 'hex'), cid: cid.toString() }))
}
