// Writes ../vectors/v1/backup.json: archives, and one inside an age file, whose
// bytes are random. Run once: the file is frozen, and archive.spec.ts reads it
// ever after.
import { existsSync, writeFileSync } from 'node:fs'
import { fromString, toString } from 'uint8arrays'
import { encryptAge } from '../../src/backup/age-stream.ts'
import { archiveVectors, bytesOf, each } from './archive-vectors.ts'

const target = new URL('../vectors/v1/backup.json', import.meta.url)
const passphrase = 'correct horse battery staple'
if (existsSync(target)) console.log('frozen already')
else {
  const archives = await archiveVectors()
  const file = await bytesOf(encryptAge(each([fromString(archives.whole, 'hex').slice()]), { passphrase, workFactor: 10 }))
  writeFileSync(target, `${JSON.stringify({ ...archives, passphrase, file: toString(file, 'hex') }, null, 1)}\n`)
}
