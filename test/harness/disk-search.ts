import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { openLevelStore } from '@parley/network/node'

/** Bytes of a data folder and where they are. */
export interface DiskPiece { where: string, bytes: Uint8Array }

/**
 * What must not be on a disk: any run of 16 bytes of `bytes` counts, or all of
 * it where `isWhole`. Runs begin at every `step`th byte: of samples, not of
 * their halves.
 */
export interface Needle { name: string, bytes: Uint8Array, isWhole?: boolean, step?: number }

/** Needles made ready to be looked for, more than once. */
export interface Search {
  /** How many different things are looked for. */
  readonly count: number
  /** Returns which needles are in which pieces. */
  (pieces: DiskPiece[]): Array<{ name: string, where: string }>
}

const WINDOW_BYTES = 16
/** Silence and padding are everywhere; a run that says something has at least this many different bytes. */
const DISTINCT_BYTES = 7

/**
 * Reads everything below a folder twice: the files as they are, and every key,
 * value and block of its store, which LevelDB may have compressed in the files.
 */
export async function readDisk (folder: string, store: string): Promise<DiskPiece[]> {
  const pieces: DiskPiece[] = []
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile()) pieces.push({ where: relative(folder, path), bytes: await readFile(path) })
  }
  const opened = await openLevelStore(store)
  try {
    for await (const { key, value } of opened.entries('')) {
      pieces.push({ where: `key ${key}`, bytes: Buffer.from(key) }, { where: `value of ${key}`, bytes: value })
    }
    for await (const { cid, bytes } of opened.blockstore.getAll()) {
      const parts: Uint8Array[] = []
      for await (const part of bytes) parts.push(part)
      pieces.push({ where: `block ${cid.toString()}`, bytes: Buffer.concat(parts) })
    }
  } finally {
    await opened.close()
  }
  return pieces
}

export function createSearch (needles: Needle[]): Search {
  const whole = needles.filter(({ isWhole }) => isWhole === true)
  const windows = windowsOf(needles.filter(({ isWhole }) => isWhole !== true))
  const search = (pieces: DiskPiece[]): Array<{ name: string, where: string }> => {
    const found = new Map<string, { name: string, where: string }>()
    const note = (name: string, where: string): void => { found.set(`${name} ${where}`, { name, where }) }
    for (const { where, bytes } of pieces) {
      const piece = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      for (const needle of whole) if (piece.includes(Buffer.from(needle.bytes))) note(needle.name, where)
      for (let at = 0; at + WINDOW_BYTES <= piece.length; at++) {
        for (const window of windows.get(hashAt(piece, at)) ?? []) {
          if (piece.compare(window.bytes, 0, WINDOW_BYTES, at, at + WINDOW_BYTES) === 0) note(window.name, where)
        }
      }
    }
    return [...found.values()]
  }
  return Object.assign(search, { count: whole.length + [...windows.values()].reduce((sum, { length }) => sum + length, 0) })
}

function windowsOf (needles: Needle[]): Map<number, Needle[]> {
  const windows = new Map<number, Needle[]>()
  for (const { name, bytes, step = 1 } of needles) {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let at = 0; at + WINDOW_BYTES <= bytes.length; at += step) {
      const window = bytes.subarray(at, at + WINDOW_BYTES)
      if (!saysSomething(window)) continue
      const hash = hashAt(buffer, at)
      const known = windows.get(hash)
      if (known === undefined) windows.set(hash, [{ name, bytes: window }])
      else known.push({ name, bytes: window })
    }
  }
  return windows
}

function saysSomething (window: Uint8Array): boolean {
  let distinct = 0
  for (let at = 0; at < window.length; at++) if (window.indexOf(window[at] ?? 0) === at) distinct++
  return distinct >= DISTINCT_BYTES
}

function hashAt (bytes: Buffer, at: number): number {
  return Math.imul(bytes.readInt32LE(at), 0x9e3779b1) ^ Math.imul(bytes.readInt32LE(at + 4), 0x85ebca6b) ^ bytes.readInt32LE(at + 12)
}

/** A text in the forms in which a disk may hold it. */
export function textNeedles (name: string, text: string): Needle[] {
  return (['utf8', 'utf16le'] as const).flatMap(encoding => {
    const bytes = Buffer.from(text, encoding)
    return [
      { name, bytes, isWhole: true },
      { name: `${name}, in hex`, bytes: Buffer.from(bytes.toString('hex')), isWhole: true }
    ]
  })
}
