import { readFile, writeFile } from 'node:fs/promises'
import type { OpusPacket } from '@parley/media'

/** Writes packets for another process to speak, so that both know every byte. */
export async function writePackets (path: string, packets: OpusPacket[]): Promise<void> {
  await writeFile(path, JSON.stringify(packets.map(({ data, samples }) => ({ data: Buffer.from(data).toString('base64'), samples }))))
}

export async function readPackets (path: string): Promise<OpusPacket[]> {
  const packets = JSON.parse(await readFile(path, 'utf8')) as Array<{ data: string, samples: number }>
  return packets.map(({ data, samples }) => ({ data: new Uint8Array(Buffer.from(data, 'base64')), samples }))
}
