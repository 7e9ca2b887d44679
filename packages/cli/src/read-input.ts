import { raceSignal } from '@parley/core'
import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { concat } from 'uint8arrays'
import { FileError } from './errors.ts'
import type { Io } from './io.ts'

/** No card, picture or text that a command takes is larger. */
const MAX_INPUT_BYTES = 8 * 1024 * 1024

/** Reads a file, or standard input for `-`. @throws {FileError} when it cannot be read or is larger than 8 MiB */
export async function readInput (io: Io, name: string): Promise<Uint8Array> {
  if (name === '-') return await readStdin(io)
  const path = resolve(io.cwd, name)
  const found = await stat(path).catch((cause: unknown) => { throw new FileError(`The file ${path} cannot be read`, { cause }) })
  if (found.size > MAX_INPUT_BYTES) throw new FileError(`The file ${path} has ${found.size} bytes; no more than ${MAX_INPUT_BYTES} are read`)
  return await readFile(path).catch((cause: unknown) => { throw new FileError(`The file ${path} cannot be read`, { cause }) })
}

export async function isFile (io: Io, name: string): Promise<boolean> {
  return await stat(resolve(io.cwd, name)).then(found => found.isFile(), () => false)
}

async function readStdin (io: Io): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  const input = io.stdin[Symbol.asyncIterator]()
  for (let next = await raceSignal(input.next(), io.signal); next.done !== true; next = await raceSignal(input.next(), io.signal)) {
    sizeBytes += next.value.byteLength
    if (sizeBytes > MAX_INPUT_BYTES) throw new FileError(`Standard input has more than ${MAX_INPUT_BYTES} bytes`)
    chunks.push(next.value)
  }
  return concat(chunks)
}
