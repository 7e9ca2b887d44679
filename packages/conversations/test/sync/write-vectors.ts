import { writeFile } from 'node:fs/promises'
import { toString } from 'uint8arrays'
import { mailboxFrameCodec } from '../../src/mailbox/frames.ts'
import { syncFrameCodec } from '../../src/sync/frames.ts'
import { mailboxFrames, syncFrames } from './sample-frames.ts'

// Run once, when a version of the formats is frozen; what it wrote is never
// edited. It does not overwrite: `wx`.
for (const [file, vectors] of [
  ['sync-frames', Object.entries(syncFrames).map(([name, frame]) => ({ name, hex: toString(syncFrameCodec.encode(frame), 'hex') }))],
  ['mailbox-frames', Object.entries(mailboxFrames).map(([name, frame]) => ({ name, hex: toString(mailboxFrameCodec.encode(frame), 'hex') }))]
] as const) {
  await writeFile(new URL(`../vectors/v1/${file}.json`, import.meta.url), `${JSON.stringify(vectors, null, 2)}\n`, { flag: 'wx' })
}
