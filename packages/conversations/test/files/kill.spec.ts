import { createSeededRandom, createSystemClock, sha256, silentLogger } from '@parley/core'
import { openLevelStore } from '@parley/network/node'
import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createFiles } from '../../src/files/index.ts'
import { contentOf, gather, inPieces, inventory, listOf } from './samples.ts'

const SIZE_BYTES = 48 * 1024 * 1024

/** Adds the file in a process of its own and kills it without a word once `killAt` bytes are said to be on the disk; returns what it said last. */
async function addAndKill (folder: string, killAt: number): Promise<number> {
  const child = spawn(process.execPath, ['--conditions=parley-source', fileURLToPath(new URL('adding-process.ts', import.meta.url)), folder, String(SIZE_BYTES)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  let told = 0
  for await (const line of createInterface({ input: child.stdout })) {
    told = Number(line)
    if (told >= killAt) child.kill('SIGKILL')
  }
  expect(await exited).to.deep.equal([null, 'SIGKILL'])
  return told
}

describe('a process that is killed while it adds a file', function () {
  this.timeout(60_000)
  let folder: string

  beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'parley-files-')) })
  afterEach(async () => { await rm(folder, { recursive: true }) })

  for (const killAt of [1, 20_000_000]) {
    it(`leaves what it had acknowledged (${killAt} bytes or more), to go on from or to discard`, async () => {
      const told = await addAndKill(folder, killAt)
      const store = await openLevelStore(folder)
      try {
        const files = createFiles({ store, clock: createSystemClock(), random: createSeededRandom(2), logger: silentLogger })
        const [left] = await listOf(files.unannounced())
        if (left?.state !== 'adding') throw new Error('nothing is listed')
        expect(left.storedBytes).to.be.at.least(told)
        const content = contentOf(SIZE_BYTES)
        const { file } = await files.add(inPieces(content), { name: 'film.mp4', resume: left.add })
        expect(sha256(await gather(files.open(file)))).to.deep.equal(sha256(content))
        expect((await inventory(store)).blocks).to.equal((await listOf(files.blocksOf(file.root))).length)
        await files.discard(left.add)
        expect(await inventory(store)).to.deep.equal({ blocks: 0, keys: [] })
      } finally {
        await store.close()
      }
    })
  }
})
