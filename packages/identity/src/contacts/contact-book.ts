import { createEmitter, silentLogger, type Emitter, type Logger, type Store } from '@parley/core'
import type { Did } from '../did.ts'

const PREFIX = '/contacts/'

export interface ContactBookEvents extends Record<string, unknown> {
  /** A record is another than before, whoever changed it; without bytes it is gone. */
  changed: { did: Did, bytes?: Uint8Array }
}

/** Where contact records lie: in a store of this device, or in something that all devices of the person share. */
export interface ContactBook extends Emitter<ContactBookEvents> {
  get(did: Did): Promise<Uint8Array | undefined>
  /** Resolves once the record is on the disk itself. */
  put(did: Did, bytes: Uint8Array): Promise<void>
  delete(did: Did): Promise<void>
  /** Yields all records, in any order. */
  list(): AsyncGenerator<{ did: Did, bytes: Uint8Array }>
}

/** Creates the book kept in `store`, under `/contacts/`. */
export function createStoreContactBook ({ store, logger = silentLogger }: { store: Store, logger?: Logger }): ContactBook {
  const events = createEmitter<ContactBookEvents>(logger)
  return {
    on: events.on,
    get: async did => await store.get(PREFIX + did),
    async put (did, bytes) {
      await store.commit([{ type: 'put', key: PREFIX + did, value: bytes }], { durable: true })
      events.emit('changed', { did, bytes })
    },
    async delete (did) {
      await store.commit([{ type: 'delete', key: PREFIX + did }], { durable: true })
      events.emit('changed', { did })
    },
    async * list () {
      for await (const { key, value } of store.entries(PREFIX)) yield { did: key.slice(PREFIX.length), bytes: value }
    }
  }
}
