import { writeFile } from 'node:fs/promises'
import { toString } from 'uint8arrays'
import { preKeyFrameCodec } from '../../src/pre-keys/frames.ts'
import { buildFrames } from './frame-vectors.ts'

// Writes test/vectors/v1/pre-key-frames.json, once. Frozen files are never written again.
const frozen = Object.fromEntries(Object.entries(buildFrames()).map(([name, frame]) => [name, toString(preKeyFrameCodec.encode(frame), 'hex')]))
await writeFile(new URL('../vectors/v1/pre-key-frames.json', import.meta.url), `${JSON.stringify(frozen, null, 2)}\n`, { flag: 'wx' })
