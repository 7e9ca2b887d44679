/**
 * Writes `v1/contents.json`, once. Frozen: what is there is never edited, and
 * this script refuses to run when it is there.
 *
 *     node --conditions=parley-source packages/conversations/test/vectors/write-content-vectors.ts
 */
import { existsSync, writeFileSync } from 'node:fs'
import { encodeContent } from '../../src/actions/registry.ts'
import { createDids, cidOfName } from '../actions/paper-log.ts'
import { TABLE } from '../actions/vocabulary.ts'

const file = new URL('v1/contents.json', import.meta.url)
if (existsSync(file)) {
  console.error('The vectors are frozen already.')
  process.exit(1)
}
const [self = '', other = '', stranger = ''] = await createDids(3)
const facts = { self, other, stranger, message: cidOfName('message'), extra: cidOfName('extra'), subject: cidOfName('subject'), expiry: null, lock: cidOfName('lock'), seen: cidOfName('seen') }
const contents = TABLE.map(({ kind, content }) => ({ name: kind, content: Buffer.from(encodeContent(content(facts))).toString('hex') }))
writeFileSync(file, `${JSON.stringify({ contents }, null, 2)}\n`)
