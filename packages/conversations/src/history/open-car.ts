import { CarIndexer } from '@ipld/car'
import { CID, type AbortOptions } from '@parley/core'
import { keyName } from '../format/key-name.ts'
import type { CarSource } from './car-source.ts'
import { DamagedCarError } from './errors.ts'
import type { HistoryProgress } from './types.ts'

/** Where a block lies in a CAR. */
export interface CarEntry {
  cid: CID
  offset: number
  sizeBytes: number
}

/** What a CAR holds, without its blocks. */
export interface OpenCar {
  roots: CID[]
  entries: CarEntry[]
  /** Why the rest could not be read, where it could not. */
  damage: DamagedCarError | undefined
  /** Returns the block of a CID as it lies there, unchecked; of another codec too, since the hash names the bytes. */
  get(cid: CID): Promise<Uint8Array | undefined>
  /** Returns the bytes of an entry. */
  read(entry: CarEntry): Promise<Uint8Array>
}

const CHUNK_BYTES = 256 * 1024
const PROGRESS_EVERY = 256

/**
 * Reads where the blocks of a CAR (version 1 or 2) lie. A file that breaks off
 * is opened as far as it goes.
 *
 * @throws {DamagedCarError} when not even its header can be read
 */
export async function openCar (source: CarSource, { signal, onProgress }: AbortOptions & { onProgress?: ((progress: HistoryProgress) => void) | undefined } = {}): Promise<OpenCar> {
  const indexer = await CarIndexer.fromIterable(chunks(source, signal)).catch((cause: unknown) => {
    signal?.throwIfAborted()
    throw new DamagedCarError('its header cannot be read', 0, { cause })
  })
  const entries: CarEntry[] = []
  const places = new Map<string, CarEntry>()
  let end = 0
  let damage: DamagedCarError | undefined
  try {
    for await (const { cid, offset, blockOffset, blockLength } of indexer) {
      end = Number(offset)
      if (blockLength < 0 || Number(blockOffset) + blockLength > source.sizeBytes) {
        damage = new DamagedCarError('it ends within a block', end)
        break
      }
      // A CID of this process's own copy of the library, which others compare.
      const entry = { cid: CID.decode(cid.bytes), offset: Number(blockOffset), sizeBytes: blockLength }
      entries.push(entry)
      places.set(nameOf(entry.cid), entry)
      end = entry.offset + blockLength
      if (entries.length % PROGRESS_EVERY === 0) onProgress?.({ step: 'reading', done: end, total: source.sizeBytes })
    }
  } catch (cause) {
    signal?.throwIfAborted()
    damage = new DamagedCarError('what follows is no block', end, { cause })
  }
  const read = async ({ offset, sizeBytes }: CarEntry): Promise<Uint8Array> => await source.read(offset, sizeBytes)
  return {
    roots: (await indexer.getRoots()).map(root => CID.decode(root.bytes)),
    entries,
    damage,
    read,
    async get (cid) {
      const entry = places.get(nameOf(cid))
      return entry === undefined ? undefined : await read(entry)
    }
  }
}

async function * chunks ({ sizeBytes, read }: CarSource, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < sizeBytes; offset += CHUNK_BYTES) {
    signal?.throwIfAborted()
    yield await read(offset, Math.min(CHUNK_BYTES, sizeBytes - offset))
  }
}

function nameOf ({ multihash: { code, digest } }: CID): string {
  return `${code}/${keyName(digest)}`
}
