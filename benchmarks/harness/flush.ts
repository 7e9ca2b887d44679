import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { median } from './median.ts'

/** Measures how long the disk of `folder` takes to flush a small appended write, in milliseconds: the middle of 20. */
export async function measureFlush (folder: string): Promise<number> {
  const file = await open(join(folder, 'flush'), 'a')
  const took: number[] = []
  for (let write = 0; write < 20; write++) {
    const startedMs = performance.now()
    await file.write(new Uint8Array(500))
    await file.datasync()
    took.push(performance.now() - startedMs)
  }
  await file.close()
  return median(took)
}
