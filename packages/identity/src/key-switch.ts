import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ParleyError, bytesSchema, createCodec, sha256 } from '@parley/core'
import { concat, equals } from 'uint8arrays'
import * as z from 'zod/mini'
import { DamagedKeyFileError } from './errors.ts'
import { MAX_KEY_FILE_BYTES, isName } from './key-file.ts'
import { compareText, isAscending } from './text.ts'

/** Not a key name: no key can be called so. */
export const SWITCH_FILE = 'keys.switch'

const MAX_KEYS = 256
const CHECKSUM_BYTES = 32
const MAX_SWITCH_BYTES = 16 * 1024 * 1024

/** One key file that is to take the place of another. */
export interface SwitchedFile {
  name: string
  bytes: Uint8Array
}

const codec = createCodec('key switch', z.strictObject({
  v: z.literal(1),
  files: z.array(z.strictObject({ name: z.string().check(z.refine(isName, 'expected a key name')), bytes: bytesSchema({ maxBytes: MAX_KEY_FILE_BYTES }) })).check(
    z.maxLength(MAX_KEYS),
    z.refine(files => isAscending(files, (a, b) => compareText(a.name, b.name)), 'expected files in the order of their names, none twice')
  )
}), { maxBytes: MAX_SWITCH_BYTES })

/**
 * Encodes all new key files as one. Once that one has its name, they hold in
 * place of those beside it, whatever of the copying is done: so all keys change
 * at one moment.
 *
 * @throws {OversizedBytesError} when they are more than 16 MiB together
 */
export function encodeSwitch (files: SwitchedFile[]): Uint8Array {
  const body = codec.encode({ v: 1, files: files.map(({ name, bytes }) => ({ name, bytes: bytes.slice() })).sort((a, b) => compareText(a.name, b.name)) })
  return concat([body, sha256(body)])
}

/**
 * Reads the switch that was not finished in a key folder; undefined where there is none.
 *
 * @throws {DamagedKeyFileError}
 */
export async function readSwitch (folder: string): Promise<SwitchedFile[] | undefined> {
  const path = join(folder, SWITCH_FILE)
  const bytes = await readFile(path).catch((error: unknown) => {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined
    throw error
  })
  if (bytes === undefined) return undefined
  const body = bytes.subarray(0, Math.max(0, bytes.byteLength - CHECKSUM_BYTES))
  if (!equals(sha256(body), bytes.subarray(body.byteLength))) throw new DamagedKeyFileError(path, 'it is truncated or altered')
  try {
    return codec.decode(body).files
  } catch (cause) {
    throw new DamagedKeyFileError(path, cause instanceof ParleyError ? cause.message : 'it is no switch of keys', { cause })
  }
}
