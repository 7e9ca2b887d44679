// Writes vectors/v1/identity.json: one of everything that this package signs,
// seals or stores. Run once: the file is frozen, and test/vectors.spec.ts reads
// and rebuilds it ever after.
import { existsSync, writeFileSync } from 'node:fs'
import { buildVectors } from './support/build-vectors.ts'

const target = new URL('vectors/v1/identity.json', import.meta.url)
if (existsSync(target)) console.log('frozen already')
else writeFileSync(target, `${JSON.stringify(await buildVectors(), null, 1)}\n`)
