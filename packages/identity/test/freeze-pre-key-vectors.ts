import { writeFile } from 'node:fs/promises'
import { buildPreKeyVectors } from './support/pre-key-vectors.ts'

// Writes test/vectors/v1/pre-keys.json, once. Frozen files are never written again.
await writeFile(new URL('vectors/v1/pre-keys.json', import.meta.url), `${JSON.stringify(await buildPreKeyVectors(), null, 2)}\n`, { flag: 'wx' })
