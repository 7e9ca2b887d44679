import type { Clock, Logger, Store } from '@parley/core'
import { createFileHolder, type Conversations, type FileAnswer, type FileHolder, type FileQuestion, type Files } from '@parley/conversations'
import type { Did, People } from '@parley/identity'
import type { Network } from '@parley/network'
import type { Admission } from '../policy/index.ts'
import type { AttachRecords } from './attach-records.ts'

export interface TakeFilesComponents {
  store: Store
  network: Network
  files: Files
  people: People
  conversations: Pick<Conversations, 'holder'>
  admission: Pick<Admission, 'standing'>
  records: Pick<AttachRecords, 'name'>
  clock: Clock
  logger: Logger
}

export interface TakeFilesInit {
  person: Did
  isOwn: (did: Did) => boolean
  /** Files with more bytes are fetched when they are asked for, and not taken before. */
  maxFileBytes: number
}

/** Of what one person brings, sealed. */
const MAX_PERSON_BYTES = 1024 ** 3

/** Takes the files that people of our conversations bring to a device whose person has no proxy. */
export async function takeFiles (components: TakeFilesComponents, { person, isOwn, maxFileBytes }: TakeFilesInit): Promise<FileHolder> {
  const { conversations, admission, records } = components
  const judge = async ({ conversation, person: from, sizeBytes, personBytes }: FileQuestion): Promise<FileAnswer> => {
    const access = await conversations.holder(conversation).access()
    if (!access.includes(from) || !access.some(isOwn)) return { ok: false, reason: 'nobody here is in this conversation with you' }
    const standing = isOwn(from) ? 'contact' : admission.standing(person, from)
    if (standing === 'blocked' || standing === 'stranger') return { ok: false, reason: 'this person takes files from people they know' }
    if (personBytes + sizeBytes > MAX_PERSON_BYTES) return { ok: false, reason: 'this device keeps no more files of yours' }
    return { ok: true }
  }
  return await createFileHolder(components, {
    maxFileBytes,
    async admits (question) {
      const answer = await judge(question)
      if (answer.ok) await records.name(question.conversation, question.root)
      return answer
    }
  })
}
