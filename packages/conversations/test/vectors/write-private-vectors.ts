/**
 * Writes `v1/private.json`, once. Frozen: what is there is never edited, and
 * this script refuses to run when it is there.
 *
 *     node --conditions=parley-source packages/conversations/test/vectors/write-private-vectors.ts
 */
import { writeFileSync } from 'node:fs'
import { sampleRecords } from '../private/sample-records.ts'

writeFileSync(new URL('v1/private.json', import.meta.url), `${JSON.stringify({ records: sampleRecords() }, null, 2)}\n`, { flag: 'wx' })
