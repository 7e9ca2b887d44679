import { expect } from 'chai'
import type { KeyStore } from '@parley/identity'

/** What the tests of a key store need. */
export interface KeyStoreSuite {
  /** Creates an empty store. */
  create(): Promise<KeyStore>
  /** Opens again what `store` kept, as after a restart; absent where nothing outlives the store. */
  reopen?(store: KeyStore): Promise<KeyStore>
}

/** Defines the tests that every implementation of `KeyStore` passes. */
export function keyStoreTests (name: string, { create, reopen }: KeyStoreSuite): void {
  describe(`${name}, as a key store`, () => {
    it('has nothing when it is new', async () => {
      const store = await create()
      expect(await store.list()).to.deep.equal([])
      expect(await store.get('person')).to.equal(undefined)
    })

    it('gives back what was put, the newest under each name', async () => {
      const store = await create()
      await store.put('person', Uint8Array.of(1, 2, 3))
      await store.put('device', new Uint8Array(0))
      await store.put('person', Uint8Array.of(4))
      expect(await store.get('person')).to.deep.equal(Uint8Array.of(4))
      expect(await store.get('device')).to.deep.equal(new Uint8Array(0))
    })

    it('lists the names in order', async () => {
      const store = await create()
      for (const key of ['device-2', 'person', 'a', 'device-1']) await store.put(key, Uint8Array.of(1))
      expect(await store.list()).to.deep.equal(['a', 'device-1', 'device-2', 'person'])
    })

    it('is not affected by what becomes of the bytes that were put or given back', async () => {
      const store = await create()
      const secret = Uint8Array.of(1, 2, 3)
      await store.put('person', secret)
      secret.fill(0)
      const read = await store.get('person')
      read?.fill(9)
      expect(await store.get('person')).to.deep.equal(Uint8Array.of(1, 2, 3))
    })

    it('takes names of lower case letters, digits and hyphens only', async () => {
      const store = await create()
      for (const key of ['', 'A', 'a/b', '../a', '.a', 'a b', '-a', 'a'.repeat(65), 'a\0']) {
        for (const run of [async () => { await store.get(key) }, async () => { await store.put(key, Uint8Array.of(1)) }]) {
          expect(await run().then(() => 'no error', (error: Error) => error.name), JSON.stringify(key)).to.equal('InvalidArgumentError')
        }
      }
      await store.put('a'.repeat(64), Uint8Array.of(1))
    })

    it('takes secrets of up to 64 KiB', async () => {
      const store = await create()
      const large = new Uint8Array(64 * 1024).fill(7)
      await store.put('large', large)
      expect(await store.get('large')).to.deep.equal(large)
      expect(await store.put('larger', new Uint8Array(64 * 1024 + 1)).then(() => 'no error', (error: Error) => error.name)).to.equal('InvalidArgumentError')
    })

    it('keeps one of them whole when two write one name at once', async () => {
      const store = await create()
      const [a, b] = [new Uint8Array(500).fill(1), new Uint8Array(500).fill(2)]
      await Promise.all([store.put('person', a), store.put('person', b)])
      expect([a, b]).to.deep.include(await store.get('person'))
      expect(await store.list()).to.deep.equal(['person'])
    })

    if (reopen === undefined) return

    it('still has everything when it is opened again', async () => {
      const store = await create()
      await store.put('person', Uint8Array.of(1, 2, 3))
      const again = await reopen(store)
      expect(await again.list()).to.deep.equal(['person'])
      expect(await again.get('person')).to.deep.equal(Uint8Array.of(1, 2, 3))
    })
  })
}
