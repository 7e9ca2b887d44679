import { storeTests } from '../src/store-suite.ts'
import { createMemoryStore } from '@parley/network'
import { openLevelStore } from '@parley/network/node'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

storeTests('memory', { create: async () => createMemoryStore() })

describe('LevelDB', () => {
  let folder = ''

  beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'parley-store-')) })
  afterEach(async () => { await rm(folder, { recursive: true, force: true }) })

  storeTests('LevelDB', {
    create: async () => await openLevelStore(join(folder, 'store')),
    async reopen (store) {
      await store.close()
      return await openLevelStore(join(folder, 'store'))
    }
  })
})
