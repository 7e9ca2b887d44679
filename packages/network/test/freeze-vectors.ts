// Wrote the vectors once: node --conditions=parley-source packages/network/test/freeze-vectors.ts
// It refuses to write over them: a change of bytes is a new version of the format.
import { writeFileSync } from 'node:fs'
import { toString } from 'uint8arrays'
import { blockCases, encodeFrameCase, frameCases } from './vector-cases.ts'

const hex = (entries: [string, Uint8Array][]): string => `${JSON.stringify(Object.fromEntries(entries.map(([name, bytes]) => [name, toString(bytes, 'hex')])), null, 2)}\n`
const write = (name: string, text: string): void => { writeFileSync(new URL(`vectors/v1/${name}.json`, import.meta.url), text, { flag: 'wx' }) }

write('frames', hex(Object.entries(frameCases).map(([name, record]) => [name, encodeFrameCase(record)])))
write('block-messages', hex(Object.entries(blockCases).map(([name, encode]) => [name, encode()])))
