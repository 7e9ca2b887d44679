import { cidOf, type Store } from '@parley/core'
import { expect } from 'chai'
import * as fc from 'fast-check'
import { Key } from 'interface-datastore'
import { CID } from 'multiformats/cid'

/** How a test gets a store of the kind under test. */
export interface StoreSuite {
  /** Creates an empty store. */
  create(): Promise<Store>
  /** Closes the store and opens what it left behind; absent where nothing outlives it. */
  reopen?(store: Store): Promise<Store>
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
const textOf = async (store: Store, prefix: string): Promise<string[]> => {
  const keys: string[] = []
  for await (const { key } of store.entries(prefix)) keys.push(key)
  return keys
}

/** Tests that every store passes. */
export function storeTests (name: string, { create, reopen }: StoreSuite): void {
  describe(`a store: ${name}`, () => {
    let store: Store

    beforeEach(async () => { store = await create() })
    afterEach(async () => { await store.close() })

    it('returns what was committed and undefined for what was not', async () => {
      await store.commit([{ type: 'put', key: '/a/1', value: bytes(1, 2) }])
      expect(await store.get('/a/1')).to.deep.equal(bytes(1, 2))
      expect(await store.get('/a')).to.equal(undefined)
      expect(await store.get('/a/2')).to.equal(undefined)
    })

    it('keeps an empty value apart from none', async () => {
      await store.commit([{ type: 'put', key: '/empty', value: bytes() }])
      expect(await store.get('/empty')).to.deep.equal(bytes())
    })

    it('applies the changes of a commit in order', async () => {
      await store.commit([
        { type: 'put', key: '/k', value: bytes(1) },
        { type: 'delete', key: '/k' },
        { type: 'put', key: '/k', value: bytes(2) },
        { type: 'put', key: '/gone', value: bytes(3) },
        { type: 'delete', key: '/gone' }
      ])
      expect(await store.get('/k')).to.deep.equal(bytes(2))
      expect(await store.get('/gone')).to.equal(undefined)
    })

    it('keeps data and blocks of one commit together', async () => {
      const block = bytes(9, 9, 9)
      const cid = cidOf(block)
      await store.commit([{ type: 'block', cid, bytes: block }, { type: 'put', key: '/points-at', value: cid.bytes }], { durable: true })
      expect(await store.getBlock(cid)).to.deep.equal(block)
      expect(await store.get('/points-at')).to.deep.equal(cid.bytes)
    })

    it('finds a block by its hash whatever codec its CID names', async () => {
      const block = bytes(7)
      const cid = cidOf(block)
      await store.commit([{ type: 'block', cid, bytes: block }])
      expect(await store.getBlock(CID.createV1(0x55, cid.multihash))).to.deep.equal(block)
      expect(await store.getBlock(cidOf(bytes(8)))).to.equal(undefined)
    })

    it('lists the keys of a prefix, and no others, in order', async () => {
      await store.commit(['/a/2', '/a/10', '/b/1', '/a/1', '/a', '/aa'].map(key => ({ type: 'put' as const, key, value: bytes(1) })))
      expect(await textOf(store, '/a/')).to.deep.equal(['/a/1', '/a/10', '/a/2'])
      expect(await textOf(store, '/a')).to.deep.equal(['/a', '/a/1', '/a/10', '/a/2', '/aa'])
      expect(await textOf(store, '/none')).to.deep.equal([])
    })

    it('lists more entries than fit into one read', async () => {
      const keys = Array.from({ length: 700 }, (_, index) => `/many/${String(index).padStart(4, '0')}`)
      await store.commit(keys.map(key => ({ type: 'put', key, value: bytes(1) })))
      expect(await textOf(store, '/many/')).to.deep.equal(keys)
    })

    it('can be written while it is listed', async () => {
      await store.commit(['/l/1', '/l/2', '/l/3'].map(key => ({ type: 'put' as const, key, value: bytes(1) })))
      for await (const { key } of store.entries('/l/')) await store.commit([{ type: 'delete', key }])
      expect(await textOf(store, '/l/')).to.deep.equal([])
    })

    it('keeps its own copy of what it was given', async () => {
      const value = bytes(1, 2, 3)
      const done = store.commit([{ type: 'put', key: '/copy', value }])
      await done
      value.fill(0)
      expect(await store.get('/copy')).to.deep.equal(bytes(1, 2, 3))
    })

    it('honours an aborted signal', async () => {
      const signal = AbortSignal.abort(new DOMException('enough', 'AbortError'))
      for (const call of [store.commit([{ type: 'put', key: '/k', value: bytes(1) }], { signal }), store.get('/k', { signal }), store.getBlock(cidOf(bytes(1)), { signal }), store.entries('/', { signal }).next()]) {
        expect(await failureOf(call)).to.equal('AbortError')
      }
      expect(await store.get('/k')).to.equal(undefined)
    })

    it('shows its entries as an interface-datastore', async () => {
      const key = new Key('/ds/one')
      await store.datastore.put(key, bytes(5))
      expect(await store.get('/ds/one')).to.deep.equal(bytes(5))
      expect(await store.datastore.has(key)).to.equal(true)
      const batch = store.datastore.batch()
      batch.put(new Key('/ds/two'), bytes(6))
      batch.delete(key)
      await batch.commit()
      const found: string[] = []
      for await (const entry of store.datastore.query({ prefix: '/ds/' })) found.push(entry.key.toString())
      expect(found).to.deep.equal(['/ds/two'])
      expect(await failureOf(Promise.resolve().then(async () => await store.datastore.get(key)))).to.equal('NotFoundError')
    })

    it('shows its blocks as an interface-blockstore', async () => {
      const block = bytes(1, 2, 3, 4)
      const cid = cidOf(block)
      await store.blockstore.put(cid, [block.subarray(0, 2), block.subarray(2)])
      expect(await store.getBlock(cid)).to.deep.equal(block)
      expect(await store.blockstore.has(cid)).to.equal(true)
      const hashes: string[] = []
      for await (const pair of store.blockstore.getAll()) hashes.push(pair.cid.multihash.toString())
      expect(hashes).to.deep.equal([cid.multihash.toString()])
      await store.blockstore.delete(cid)
      expect(await store.getBlock(cid)).to.equal(undefined)
    })

    it('takes many commits at once and keeps their order', async () => {
      const done = Array.from({ length: 200 }, async (_, index) => {
        await store.commit([{ type: 'put', key: '/last', value: bytes(index) }, { type: 'put', key: `/each/${index}`, value: bytes(index) }], { durable: index % 3 === 0 })
      })
      await Promise.all(done)
      expect(await store.get('/last')).to.deep.equal(bytes(199))
      expect(await textOf(store, '/each/')).to.have.length(200)
    })

    it('agrees with a map after any sequence of commits', async () => {
      const key = fc.constantFrom('/p/a', '/p/b', '/p/ab', '/q')
      const change = fc.oneof(
        fc.record({ type: fc.constant('put' as const), key, value: fc.uint8Array({ maxLength: 8 }) }),
        fc.record({ type: fc.constant('delete' as const), key })
      )
      const model = new Map<string, Uint8Array>()
      await fc.assert(fc.asyncProperty(fc.array(change, { maxLength: 12 }), async changes => {
        await store.commit(changes)
        for (const one of changes) {
          if (one.type === 'put') model.set(one.key, one.value)
          else model.delete(one.key)
        }
        expect(await textOf(store, '/p/')).to.deep.equal([...model.keys()].filter(key => key.startsWith('/p/')).sort())
        for (const [key, value] of model) expect(await store.get(key)).to.deep.equal(value)
      }), { numRuns: 40 })
    })

    it('refuses work after it was closed, by name', async () => {
      await store.close()
      expect(await failureOf(store.get('/k'))).to.equal('StoppedError')
      expect(await failureOf(store.commit([{ type: 'put', key: '/k', value: bytes(1) }]))).to.equal('StoppedError')
      await store.close()
    })

    if (reopen !== undefined) {
      it('has everything again when it is reopened', async () => {
        const block = bytes(4, 2)
        await store.commit([{ type: 'put', key: '/kept', value: bytes(1) }, { type: 'block', cid: cidOf(block), bytes: block }], { durable: true })
        store = await reopen(store)
        expect(await store.get('/kept')).to.deep.equal(bytes(1))
        expect(await store.getBlock(cidOf(block))).to.deep.equal(block)
      })
    }
  })
}

async function failureOf (call: Promise<unknown>): Promise<string> {
  try {
    await call
    return 'none'
  } catch (error) {
    return (error as Error).name
  }
}
