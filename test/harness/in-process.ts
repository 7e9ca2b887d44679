import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSystemClock } from '@parley/core'
import { contactUrl, peerIdFromDid } from '@parley/identity'
import { encodeOpus, pace, rawPcm, syntheticSpeech, type OpusPacket } from '@parley/media'
import { createIdentity, openParley } from 'parley/node'
import type { Parley } from 'parley'

/** A device that runs in the test's own process, so that no start of a process is paid for it. */
export interface LocalDevice {
  folder: string
  parley: Parley
  stop(): Promise<void>
  reopen(): Promise<void>
}

export async function localDevice (name: string, { parent = tmpdir() }: { parent?: string } = {}): Promise<LocalDevice> {
  const folder = await mkdtemp(join(parent, `${name}-`))
  await createIdentity(folder, { name })
  const device: LocalDevice = {
    folder,
    parley: await openParley(folder),
    stop: async () => { await device.parley.stop() },
    async reopen () { device.parley = await openParley(folder) }
  }
  return device
}

/** Adds somebody to a person's contacts, and sees to it that the person's proxies know. */
export async function befriend (parley: Parley, other: Parley): Promise<void> {
  await parley.addContact(contactUrl(await other.card()))
  for (const { device, name, addresses } of await parley.proxies()) await parley.policy.exchange({ device, name, addresses, peer: peerIdFromDid(device) })
}

/** Speech as Opus packets, encoded once; `spoken` gives them in the time that speaking takes. */
export interface Speech {
  packets: OpusPacket[]
  spoken(): AsyncGenerator<OpusPacket>
  /** All of it as fast as it is taken. */
  atOnce(): AsyncGenerator<OpusPacket>
}

export async function speech (durationMs: number, seed: number): Promise<Speech> {
  const pcm = syntheticSpeech({ durationMs, seed, sampleRateHz: 48_000 })
  const bytes = new Uint8Array(pcm.length * 2)
  const view = new DataView(bytes.buffer)
  pcm.forEach((sample, index) => { view.setInt16(index * 2, Math.round(Math.max(-1, Math.min(1, sample)) * 32767), true) })
  const packets: OpusPacket[] = []
  for await (const packet of encodeOpus(rawPcm((async function * () { yield bytes })(), { sampleRateHz: 48_000, channels: 1 }), {}, { bitrate: 32_000 })) packets.push(packet)
  const atOnce = async function * (): AsyncGenerator<OpusPacket> { yield * packets }
  return { packets, atOnce, spoken: () => pace(atOnce(), { clock: createSystemClock() }) }
}
