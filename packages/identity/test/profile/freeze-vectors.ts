// Writes ../vectors/v1/profile.json. Run once: the file is frozen, and
// profile.spec.ts reads and rebuilds it ever after.
import { existsSync, writeFileSync } from 'node:fs'
import { buildProfileVectors } from './profile-vectors.ts'

const target = new URL('../vectors/v1/profile.json', import.meta.url)
if (existsSync(target)) console.log('frozen already')
else writeFileSync(target, `${JSON.stringify(await buildProfileVectors(), null, 1)}\n`)
