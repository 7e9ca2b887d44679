import { createEmitter, type Logger } from '@parley/core'
import type { Home } from '@parley/conversations'
import type { ContactBook, ContactBookEvents } from '@parley/identity'

const COLLECTION = 'contacts'

/** Creates the book of contacts that all devices of a person share: a collection of their home log. */
export function createHomeContactBook ({ home, logger }: { home: Home, logger: Logger }): ContactBook {
  const events = createEmitter<ContactBookEvents>(logger)
  home.on('changed', ({ collection, key, value }) => {
    if (collection === COLLECTION) events.emit('changed', { did: key, ...(value === undefined ? {} : { bytes: value }) })
  })
  return {
    on: events.on,
    get: async did => await home.get(COLLECTION, did),
    put: async (did, bytes) => { await home.put(COLLECTION, did, bytes, { durable: true }) },
    delete: async did => { await home.put(COLLECTION, did, undefined, { durable: true }) },
    async * list () {
      for await (const { key, value } of home.list(COLLECTION)) yield { did: key, bytes: value }
    }
  }
}
