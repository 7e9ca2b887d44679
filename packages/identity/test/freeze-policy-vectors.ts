import { writeFile } from 'node:fs/promises'
import { buildPolicyVectors } from './support/policy-vectors.ts'

// Writes test/vectors/v1/policy.json, once. Frozen files are never written again.
const path = new URL('vectors/v1/policy.json', import.meta.url)
await writeFile(path, `${JSON.stringify(await buildPolicyVectors(), null, 2)}\n`, { flag: 'wx' })
