import { writeFile } from 'node:fs/promises'
import { toString } from 'uint8arrays'
import { profileFrameCodec } from '../../src/profiles/frames.ts'
import { buildFrames } from './frame-vectors.ts'

// Writes test/vectors/v1/profile-frames.json, once. Frozen files are never written again.
const frozen = Object.fromEntries(Object.entries(buildFrames()).map(([name, frame]) => [name, toString(profileFrameCodec.encode(frame), 'hex')]))
await writeFile(new URL('../vectors/v1/profile-frames.json', import.meta.url), `${JSON.stringify(frozen, null, 2)}\n`, { flag: 'wx' })
