import { existsSync, writeFileSync } from 'node:fs'
import { makeVectors } from './vectors.ts'

// Written once. What is there is never written again: it is what others were promised.
const file = new URL('./vectors/v1/voice.json', import.meta.url)
if (existsSync(file)) process.stdout.write('the vectors exist and stay as they are\n')
else writeFileSync(file, `${JSON.stringify(await makeVectors(), null, 2)}\n`)
