import { open } from 'node:fs/promises'
import type { CarSource } from '@parley/conversations'
import { FileError } from './errors.ts'

/** Opens a CAR on the disk for `use` and closes it after; only what is asked for is in memory. @throws {FileError} */
export async function withCarFile<T> (path: string, use: (source: CarSource) => Promise<T>): Promise<T> {
  const file = await open(path, 'r').catch((cause: unknown) => { throw new FileError(`${path} cannot be read`, { cause }) })
  try {
    const { size } = await file.stat()
    return await use({
      sizeBytes: size,
      async read (offset, length) {
        const bytes = new Uint8Array(length)
        const { bytesRead } = await file.read(bytes, 0, length, offset).catch((cause: unknown) => { throw new FileError(`${path} cannot be read`, { cause }) })
        return bytes.subarray(0, bytesRead)
      }
    })
  } finally {
    await file.close()
  }
}
