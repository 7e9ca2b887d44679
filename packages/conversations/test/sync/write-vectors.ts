import { writeFile } from 'node:fs/promises'
import { toString } from 'uint8arrays'
import { mailboxFrameCodec } from '../../src/mailbox/frames.ts'
import { syncFrameCodec } from '../../src/sync/frames.ts'
import { windowFrameCodec } from '../../src/window/frames.ts'
import { mailboxFrames, syncFrames, windowFrames } from './sample-frames.ts'

// Run when a version of a format is frozen; what it wrote is never edited. It
// does not overwrite: a file that is there is left alone.
for (const [file, vectors] of [
  ['sync-frames', Object.entries(syncFrames).map(([name, frame]) => ({ name, hex: toString(syncFrameCodec.encode(frame), 'hex') }))],
  ['mailbox-frames', Object.entries(mailboxFrames).map(([name, frame]) => ({ name, hex: toString(mailboxFrameCodec.encode(frame), 'hex') }))],
  ['window-frames', Object.entries(windowFrames).map(([name, frame]) => ({ name, hex: toString(windowFrameCodec.encode(frame), 'hex') }))]
] as const) {
  await writeFile(new URL(`../vectors/v1/${file}.json`, import.meta.url), `${JSON.stringify(vectors, null, 2)}\n`, { flag: 'wx' }).catch((error: unknown) => {
    if ((error as { code?: string }).code !== 'EEXIST') throw error
  })
}
