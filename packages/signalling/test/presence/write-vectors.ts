// Writes the frozen vectors once: node --conditions=parley-source packages/signalling/test/presence/write-vectors.ts
// They are never edited: a change of the format is a new version with a folder of its own.
import { writeFile } from 'node:fs/promises'
import { createSeededRandom } from '@parley/core'
import { createSigner, publicKeyFromDid } from '@parley/identity'
import { toString } from 'uint8arrays'
import { createBeatChain } from '../../src/presence/beat-chain.ts'
import { boardCodec, diallerCodec, type BoardFrame, type DiallerFrame } from '../../src/presence/presence-frames.ts'
import { signStatement, statementCodec, type Statement } from '../../src/presence/statement.ts'

const hex = (bytes: Uint8Array): string => toString(bytes, 'hex')
const fill = (byte: number, length = 32): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(byte)
const person = await createSigner(fill(1))
const device = await createSigner(fill(2))
const chain = createBeatChain({ random: createSeededRandom(1) })

const common = { v: 1 as const, person: publicKeyFromDid(person.did), device: publicKeyFromDid(device.did), session: 1_700_000_000_000, chain: chain.anchor }
const bodies: Statement[] = [
  { ...common, seq: 1, at: 0, sentAt: 1_700_000_000_000, platform: 'desktop', availability: 'live', dnd: false },
  { ...common, seq: 2, at: 60_000, sentAt: 1_700_000_060_000, platform: 'mobile', availability: 'can-ring', dnd: true, declared: 'Out of office — back on Monday' },
  { ...common, seq: 3, at: 90_000, sentAt: 1_700_000_090_000, platform: 'web', availability: 'busy', dnd: false },
  { ...common, seq: 4, at: 99_000, sentAt: 1_700_000_099_000, platform: 'headless', availability: 'can-ring', dnd: false }
]
const statements = await Promise.all(bodies.map(async body => ({ availability: body.availability, body: hex(statementCodec.encode(body)), block: hex(await signStatement(device, body)) })))
const block = new Uint8Array(Buffer.from(statements[0]?.block ?? '', 'hex'))
const dialler: DiallerFrame[] = [
  [1, 0, { person: common.person, sentAt: 1_700_000_000_000 }],
  [1, 0, { person: common.person, list: fill(3, 40), sentAt: 1_700_000_000_000 }],
  [1, 1, [fill(4), fill(5)], [fill(6)]],
  [1, 2, [block, 3, chain.link(3)]],
  [1, 2, null],
  [1, 3, 4, chain.link(4)]
]
const board: BoardFrame[] = [
  [1, 0, { sentAt: 1_700_000_000_000 }],
  [1, 4, [[0, block, 2, chain.link(2)], [1, block, 0, chain.anchor]], [7, 8]],
  [1, 5, [[0, 3, chain.link(3)], [1, 1, chain.link(1)]]],
  [1, 5, []]
]
const vectors = {
  'presence-statements.json': { deviceSeed: hex(fill(2)), personDid: person.did, statements },
  'presence-chain.json': { links: Array.from({ length: 61 }, (_, n) => hex(chain.link(n))) },
  'presence-frames.json': { dialler: dialler.map(frame => hex(diallerCodec.encode(frame))), board: board.map(frame => hex(boardCodec.encode(frame))) }
}
for (const [name, value] of Object.entries(vectors)) {
  await writeFile(new URL(`../vectors/v1/${name}`, import.meta.url), `${JSON.stringify(value, undefined, 2)}\n`, { flag: 'wx' })
}
