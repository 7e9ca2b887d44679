// Writes ../vectors/v1/card-exchange.json. Run once: the file is frozen.
import { existsSync, writeFileSync } from 'node:fs'
import { cardVectors } from './frame-vectors.ts'

const target = new URL('../vectors/v1/card-exchange.json', import.meta.url)
if (existsSync(target)) console.log('frozen already')
else writeFileSync(target, `${JSON.stringify(cardVectors(), null, 1)}\n`)
