// Writes vectors/v1/recovery.json. Run once: the file is frozen, and
// test/recovery/recovery-phrase.spec.ts rebuilds it ever after.
import { existsSync, writeFileSync } from 'node:fs'
import { buildRecoveryVectors } from '../support/build-recovery-vectors.ts'

const target = new URL('../vectors/v1/recovery.json', import.meta.url)
if (existsSync(target)) console.log('frozen already')
else writeFileSync(target, `${JSON.stringify(await buildRecoveryVectors(), null, 1)}\n`)
