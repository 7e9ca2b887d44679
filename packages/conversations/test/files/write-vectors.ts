import { writeFile } from 'node:fs/promises'
import { toString } from 'uint8arrays'
import { fileFrameCodec } from '../../src/files/frames.ts'
import { FIELD_BYTES, fileFrames, frozenFile, SIZES } from './sample-files.ts'
import { KEY } from './samples.ts'

// Run once, when a version of the formats is frozen; what it wrote is never
// edited. It does not overwrite: `wx`.
const files = await Promise.all(SIZES.map(async sizeBytes => {
  const { root, sha256, blocks } = await frozenFile(sizeBytes)
  const small = blocks.filter(({ bytes }) => bytes.byteLength < 1024)
  return {
    sizeBytes,
    sha256: toString(sha256, 'hex'),
    root: root.toString(),
    blocks: blocks.map(({ cid }) => cid.toString()),
    smallBlocks: Object.fromEntries(small.map(({ cid, bytes }) => [cid.toString(), toString(bytes, 'hex')]))
  }
}))
const frames = Object.entries(fileFrames).map(([name, frame]) => ({ name, hex: toString(fileFrameCodec.encode(frame), 'hex') }))
await writeFile(new URL('../vectors/v1/files.json', import.meta.url), `${JSON.stringify({ key: toString(KEY, 'hex'), content: 'each byte is its place modulo 251', files, fields: toString(FIELD_BYTES, 'hex'), frames }, null, 2)}\n`, { flag: 'wx' })
