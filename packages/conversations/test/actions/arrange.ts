import type { CID } from '@parley/core'
import type { Did } from '@parley/identity'
import type { Content, Permission } from '../../src/index.ts'
import { bytes16, cidOfName, createPaperLog, SALT, START_MS, type PaperAction, type PaperLog } from './paper-log.ts'
import { FILE, type Facts, type Owner, type Row, type Situation, type Standing } from './vocabulary.ts'

const HOUR_MS = 3_600_000

export interface Case {
  log: PaperLog
  /** What is done in the situation. */
  action: PaperAction
}

/** Brings a conversation into a situation for what a row is about; everybody was allowed what they did before. */
export function arrange ([self = '', other = '', boss = '', stranger = '']: Did[], row: Row, standing: Standing, situation: Situation, owner: Owner): Case {
  const creator = standing === 'creator' ? self : boss
  const log = createPaperLog(creator)
  const before = new Map<Did, Permission>([[creator, 'full'], [other, 'full'], [self, 'full']])
  let wallMs = START_MS
  const write = (by: Did, content: Content): CID => {
    const cid = cidOfName(`${wallMs}`)
    const { fold } = log
    const entry = log.add({ by, content, wallMs: wallMs++, members: before, cid })
    fold.draft()
    if (entry.ignored !== undefined) throw new Error(`the arrangement is refused: ${entry.ignored}`)
    return cid
  }
  const subject = situation === 'unpublished' ? cidOfName('nothing') : write(creator, { verb: 'publish', thing: 'conversation', subject: 'Dinner', salt: SALT })
  write(other, { verb: 'add', thing: 'label', label: 'old' })
  const author = owner === 'own' ? self : other
  let message = cidOfName('nothing')
  let extra = cidOfName('nothing')
  if (situation !== 'item missing') {
    message = write(author, { verb: 'add', thing: 'message', message: bytes16(1), body: 'something', attachment: { voice: bytes16(7), key: new Uint8Array(32), codec: 'opus', sampleRateHz: 48_000, channels: 1 } })
    extra = write(author, { verb: 'add', thing: 'extra', extra: bytes16(2), kind: 'appointment', text: 'dinner', data: { title: 'Dinner', startsAt: 1 } })
    write(author, { verb: 'add', thing: 'attachment', message: bytes16(1), file: { ...FILE, attachment: bytes16(8) } })
    write(self, { verb: 'add', thing: 'reaction', message: bytes16(1), reaction: '👎' })
  }
  let lock = cidOfName('nothing')
  if (situation === 'locked by oneself' || situation === 'locked by another' || situation === 'lock run out') {
    const holder = situation === 'locked by another' ? other : self
    lock = write(holder, row.item === 'subject' ? { verb: 'lock', thing: 'subject', follows: subject } : { verb: 'lock', thing: 'message', message: bytes16(1), follows: message })
  }
  if (situation === 'lock run out') wallMs = START_MS + HOUR_MS + 100
  if (situation === 'item deleted') {
    message = write(author, { verb: 'delete', thing: 'message', message: bytes16(1), follows: message })
    extra = write(author, { verb: 'delete', thing: 'extra', extra: bytes16(2), follows: extra })
  }
  let expiry: CID | null = null
  if (situation === 'expired') {
    expiry = write(creator, { verb: 'modify', thing: 'expiry', expiresAt: START_MS + HOUR_MS, follows: null })
    wallMs = START_MS + HOUR_MS + 1
  }
  const facts: Facts = { self, other, stranger, message, extra, subject, expiry, lock, seen: situation === 'unpublished' ? message : subject }
  const members = new Map(before)
  if (standing === 'none') members.delete(self)
  else members.set(self, standing === 'creator' ? 'full' : standing)
  return { log, action: { by: self, content: row.content(facts), wallMs, members, cid: cidOfName('the case') } }
}
