// Writes vectors/v1/pairing.json. Run once: the file is frozen, and
// pairing-frames.spec.ts reads and rebuilds it ever after.
import { existsSync, writeFileSync } from 'node:fs'
import { buildFrameVectors } from './pairing-vectors.ts'

const target = new URL('../vectors/v1/pairing.json', import.meta.url)
if (existsSync(target)) console.log('frozen already')
else writeFileSync(target, `${JSON.stringify(await buildFrameVectors(), null, 1)}\n`)
