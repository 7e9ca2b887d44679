import type { CID, Clock, Store } from '@parley/core'
import type { Did, People } from '@parley/identity'
import { UnknownConversationError } from '../errors.ts'
import { FileUnavailableError } from '../files/errors.ts'
import { openFile, type OpenableFile } from '../files/open-file.ts'
import { encodeBasics } from '../format/basics.ts'
import type { LogIndex } from '../log/log-index.ts'
import { loadIndex } from '../log/log-pages.ts'
import type { CarSource } from './car-source.ts'
import { isIntact } from './check-block.ts'
import type { MakeReader } from './check-contents.ts'
import { exportCar, type CarSummary, type ExportCarOptions } from './export-car.ts'
import { importCar, type ImportCarOptions, type ImportComponents, type ImportReport } from './import-car.ts'
import type { VerifyReport } from './types.ts'
import { verifyCar, verifyLog, type VerifyCarOptions, type VerifyOptions } from './verify.ts'

/** Tools for a conversation as a whole: they check it, and carry it in and out of files. */
export interface ConversationHistory {
  /**
   * Checks everything of a conversation here, offline and slowly: blocks, links,
   * each signature by itself, devices, order, permissions, and the contents that
   * this device can read. What is wrong is in the report; nothing is changed.
   *
   * @throws {UnknownConversationError}
   */
  verify(conversation: CID, options?: VerifyOptions): Promise<VerifyReport>
  /**
   * Checks the conversation in a CAR alike, by what the CAR holds and what is
   * known here of its people. Takes nothing in.
   *
   * @throws {DamagedCarError} when it is no CAR at all
   * @throws {NoConversationInCarError}
   */
  verifyCar(source: CarSource, options?: VerifyCarOptions): Promise<VerifyReport>
  /**
   * Yields a conversation as a CAR that verifies anywhere and that any IPFS tool
   * reads; returns what went into it.
   *
   * @throws {UnknownConversationError | StorageUnavailableError}
   */
  exportCar(conversation: CID, options?: ExportCarOptions): AsyncGenerator<Uint8Array, CarSummary>
  /**
   * Takes a conversation in from a CAR, when all of it verifies. Importing again changes nothing.
   *
   * @throws {DamagedCarError | NoConversationInCarError | UnsoundCarError | NobodysConversationError | StorageUnavailableError}
   */
  importCar(source: CarSource, options?: ImportCarOptions): Promise<ImportReport>
  /** Returns a block of this store, as one of a recording. */
  block(cid: CID): Promise<Uint8Array | undefined>
  /**
   * Yields an attached file from what this store has of it, checked.
   *
   * @throws {DamagedFileError}
   * @throws {FileUnavailableError} when a part of it is not here
   */
  file(file: OpenableFile): AsyncGenerator<Uint8Array>
}

export interface HistoryComponents {
  store: Store
  people: People
  clock: Clock
  merge: ImportComponents['merge']
  /** Reads contents with this device's keys; absent where there are none. */
  makeReader: MakeReader | undefined
  /** Whose conversations are taken in; absent where this store keeps for others. */
  person: Did | undefined
}

/** Creates the tools for the conversations of a store. */
export function createHistory ({ store, people, clock, merge, makeReader, person }: HistoryComponents): ConversationHistory {
  const lists = async (did: Did): ReturnType<People['list']> => await people.list(did)
  /** Reads the index anew: a copy of its own, which does not grow meanwhile and is what the disk has. */
  const stored = async (id: CID): Promise<LogIndex> => {
    const index = await loadIndex(await withBasics(store, id), id)
    if (index === undefined) throw new UnknownConversationError(id)
    return index
  }
  return {
    verify: async (id, options) => await verifyLog({ now: clock.now(), lists, makeReader }, store, id, await stored(id), options),
    verifyCar: async (source, options) => (await verifyCar({ now: clock.now(), lists, makeReader }, source, options)).report,
    async * exportCar (id, options) {
      return yield * exportCar({ store, people }, id, await stored(id), options)
    },
    importCar: async (source, options) => await importCar({ store, people, clock, merge }, source, person === undefined ? undefined : did => did === person, options),
    block: async cid => await store.getBlock(cid),
    file: file => openFile(async cid => {
      const bytes = await store.getBlock(cid)
      if (bytes === undefined) throw new FileUnavailableError(file.root.toString())
      return bytes
    }, file)
  }
}

/** Returns a store in which an index can be read though its conversation's basics are gone or altered: that is for the report to say. */
async function withBasics (store: Store, id: CID): Promise<Store> {
  const basics = await store.getBlock(id)
  if (basics !== undefined && isIntact(id, basics)) return store
  const { bytes } = encodeBasics({ v: 1, creator: new Uint8Array(32), time: 0, subject: new Uint8Array(32) })
  return { ...store, get: async key => await store.get(key), entries: prefix => store.entries(prefix), getBlock: async () => bytes }
}
