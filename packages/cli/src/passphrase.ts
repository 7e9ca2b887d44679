import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { UsageError } from './errors.ts'
import type { Io } from './io.ts'

/**
 * Finds the passphrase that key files are encrypted under: `--passphrase-file`,
 * then PARLEY_PASSPHRASE. Undefined means that the files are not encrypted.
 */
export async function readPassphrase (io: Io, file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return io.env['PARLEY_PASSPHRASE']
  const path = resolve(io.cwd, file)
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new UsageError(`The passphrase file ${path} cannot be read`, { cause })
  })
  const passphrase = text.replace(/\r?\n$/, '')
  if (passphrase === '') throw new UsageError(`The passphrase file ${path} is empty`)
  return passphrase
}
