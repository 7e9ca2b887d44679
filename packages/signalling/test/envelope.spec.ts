import { createSeededRandom, systemRandom } from '@parley/core'
import { createDeviceKeys, type DeviceKeys } from '@parley/identity'
import { expect } from 'chai'
import { equals, toString } from 'uint8arrays'
import { envelopeCodec, openEnvelope, sealEnvelope, type Recipient } from '../src/index.ts'
import { mutate } from './mutate.ts'

const block = new Uint8Array(300).fill(7)

describe('a sealed envelope', function () {
  this.timeout(60_000)
  let devices: DeviceKeys[]
  const random = createSeededRandom(3)
  const recipient = ({ did, signer, sealing }: DeviceKeys): Recipient => ({ device: did, publicKey: signer.publicKey, sealing: sealing.publicKey })
  /** The same device, counting its X25519 operations. */
  const counted = (device: DeviceKeys): { device: DeviceKeys, count: { agreed: number, opened: number } } => {
    const count = { agreed: 0, opened: 0 }
    return {
      count,
      device: {
        ...device,
        sealing: {
          ...device.sealing,
          agree: async other => { count.agreed++; return await device.sealing.agree(other) },
          open: async (...args) => { count.opened++; return await device.sealing.open(...args) }
        }
      }
    }
  }

  before(async () => {
    devices = await Promise.all([0, 1, 2].map(async () => await createDeviceKeys({ seed: random(32), sealingSecret: random(32) })))
  })

  it('opens at each recipient and at nobody else, who pays one X25519', async () => {
    const [one, two, stranger] = devices as [DeviceKeys, DeviceKeys, DeviceKeys]
    const envelope = await sealEnvelope({ random: systemRandom }, [recipient(one), recipient(two)], block)
    for (const device of [one, two]) expect(await openEnvelope(device, envelope)).to.deep.equal(block)
    const { device, count } = counted(stranger)
    expect(await openEnvelope(device, envelope)).to.equal(undefined)
    expect(count).to.deep.equal({ agreed: 1, opened: 0 })
  })

  it('names its recipients in no way that can be recognised again', async () => {
    const [one] = devices as [DeviceKeys]
    const sealed = await Promise.all([0, 1].map(async () => envelopeCodec.decode(await sealEnvelope({ random: systemRandom }, [recipient(one)], block))))
    const hints = sealed.map(({ to }) => toString(to[0]?.hint ?? new Uint8Array(), 'hex'))
    expect(hints[0]).to.not.equal(hints[1])
    for (const { eph, to, body } of sealed) {
      for (const part of [eph, body, ...to.flatMap(({ hint, enc, ct }) => [hint, enc, ct])]) {
        expect(toString(part, 'hex')).to.not.contain(toString(one.signer.publicKey.subarray(0, 8), 'hex'))
        expect(toString(part, 'hex')).to.not.contain(toString(one.sealing.publicKey.subarray(0, 8), 'hex'))
      }
    }
  })

  it('is refused by name, or taken as somebody else\'s, when 10,000 times a byte is altered', async () => {
    const [one] = devices as [DeviceKeys]
    const envelope = await sealEnvelope({ random: systemRandom }, [recipient(one)], block)
    const names = new Map<string, number>()
    const nameOf = async (altered: Uint8Array): Promise<string> => {
      const opened = await openEnvelope(one, altered).catch((error: unknown) => error as Error)
      return opened === undefined ? 'not for us' : opened instanceof Error ? opened.name : 'opened'
    }
    for (let round = 0; round < 10_000; round += 100) {
      // Many at once: the platform's cryptography runs on several threads.
      const altered = Array.from({ length: 100 }, () => mutate(envelope, random)).filter(bytes => !equals(bytes, envelope))
      for (const name of await Promise.all(altered.map(nameOf))) names.set(name, (names.get(name) ?? 0) + 1)
    }
    expect([...names.keys()].toSorted()).to.deep.equal(['InvalidBytesError', 'UndecryptableError', 'not for us'])
  })

  it('refuses what is too large before it decodes it', async () => {
    const [one] = devices as [DeviceKeys]
    const error = await openEnvelope(one, new Uint8Array(64 * 1024 + 1)).catch((error: unknown) => error as Error)
    expect(error).to.have.property('name', 'OversizedBytesError')
  })
})
