import { type Change, type Clock, type EmitterSource, type Logger, type Store } from '@parley/core'
import { readersOf, type Conversations, type Mailbox } from '@parley/conversations'
import type { DeviceKeys, Did, People } from '@parley/identity'
import type { Network } from '@parley/network'
import { MAILBOX_KINDS, toRecord, type CallInput, type CallJournal, type VoiceAnswer } from 'parley'
import { createVoiceKeeper, signCaptureRecord, type Authorisation, type CaptureRecord, type VoiceKeeper, type VoiceOpen } from '@parley/voice'
import { toString } from 'uint8arrays'
import { nameOf } from './call-desk.ts'
import { authoriseCopy } from './copies.ts'
import type { Policing } from './policing.ts'
import type { ProxyEvents } from './types.ts'
import { waitFor } from './wait-for.ts'

export interface KeepingComponents {
  store: Store
  network: Network
  people: People
  keys: DeviceKeys
  conversations: Conversations
  mailbox: Mailbox
  journal: CallJournal
  policing: Policing
  clock: Clock
  logger: Logger
  events: EmitterSource<ProxyEvents>
}

/** Keeps what is said to the people served, and puts it into their mailboxes in the same commit. */
export async function openKeeping (components: KeepingComponents, { served, graceMs }: { served: () => Did[], graceMs?: number | undefined }): Promise<VoiceKeeper> {
  const { store, network, people, keys, conversations, mailbox, journal, policing, clock, events } = components
  const logger = components.logger.child('voice')
  // What a commit that is being made means for the call's record, by voice id.
  const planned = new Map<string, () => void>()

  const addressees = async (record: Pick<CaptureRecord, 'conversation' | 'person'>): Promise<Did[]> => {
    const access = new Set(await conversations.holder(record.conversation).access())
    return served().filter(person => access.has(person) && person !== record.person)
  }

  const onChange = async (record: CaptureRecord, previous: CaptureRecord | undefined): Promise<Change[]> => {
    const call = toString(record.context, 'hex')
    const { changes, committed } = journal.plan(call, inputOf(record))
    planned.set(toString(record.voice, 'hex'), committed)
    // The devices are told when it begins and when it ends; what is between they hear from the keeper itself.
    if (previous !== undefined && previous.state === record.state) return changes
    for (const person of await addressees(record)) {
      const payload = await signCaptureRecord(keys.signer, record, { onBehalfOf: person })
      const item = { kind: record.state === 'recording' ? MAILBOX_KINDS.capture : MAILBOX_KINDS.message, conversation: record.conversation, payload: new Uint8Array(payload), from: record.person }
      changes.push(...await mailbox.put(person, item).catch((error: unknown) => {
        // What is said is kept all the same: a device that comes back finds it by the conversation's log.
        if ((error as Error).name !== 'MailboxFullError') throw error
        logger.warn('a mailbox is full', { person, error })
        return []
      }))
    }
    return changes
  }

  // What strangers said before this start takes their place still.
  const { promise: noted, resolve: noteDone } = Promise.withResolvers<void>()
  const note = ({ conversation, voice, person }: CaptureRecord): void => { policing.book.noteVoice(conversation, toString(voice, 'hex'), person) }
  const speaking = (person: Did, voice: string): boolean => keeper.active().some(record => record.person === person && toString(record.voice, 'hex') !== voice)
  const keeper = await createVoiceKeeper({ store, network, people, clock, logger }, {
    async authorise (open, device) {
      await noted
      return await authorise(components, { open, device, served, addressees, speaking })
    },
    authoriseCopy: async (copy, device) => await authoriseCopy(components, copy, device, served()),
    mayAdd: ({ person }, sizeBytes) => policing.quota.take(person, { bytes: sizeBytes }) ? { ok: true } : { ok: false, reason: policing.quota.words },
    onChange,
    ...(graceMs === undefined ? {} : { graceMs })
  })
  for await (const record of keeper.records()) note(record)
  noteDone()
  keeper.on('copied', ({ record, previous }) => { if (previous === undefined) note(record) })
  keeper.on('changed', ({ record, previous }) => {
    if (previous === undefined) note(record)
    const voice = toString(record.voice, 'hex')
    planned.get(voice)?.()
    planned.delete(voice)
    if (previous?.state === record.state) return
    void (async () => {
      for (const person of await addressees(record)) await mailbox.announce(person)
      const call = await journal.read(toString(record.context, 'hex'))
      if (call !== undefined) events.emit('call', toRecord(call, await nameOf(people, call.from)))
    })().catch((error: unknown) => { logger.warn('a capture could not be told', { error }) })
  })
  return keeper
}

function inputOf ({ state, segments, reason }: CaptureRecord): CallInput {
  if (state === 'recording') return { type: 'kept', segments }
  return { type: 'closed', segments, cutOff: state === 'cut-off', ...(reason === null ? {} : { reason }) }
}

interface Question {
  open: VoiceOpen
  device: Did
  served: () => Did[]
  addressees(record: Pick<CaptureRecord, 'conversation' | 'person'>): Promise<Did[]>
  /** Tells whether a person speaks another message now. */
  speaking(person: Did, voice: string): boolean
}

/** Only what the log announces is kept, and only for somebody served; it is played to whoever may hold the log. */
async function authorise (components: KeepingComponents, { open, device, ...question }: Question): Promise<Authorisation> {
  return open.type === 'get' ? await authoriseGet(components, open.record, device, question.served()) : await authorisePut(components, open, question)
}

async function authoriseGet ({ conversations, people, policing }: KeepingComponents, { conversation }: CaptureRecord, device: Did, served: readonly Did[]): Promise<Authorisation> {
  const access = await readersOf(conversations.holder(conversation), served)
  const persons = (await people.personsOf(device)).filter(person => access.includes(person))
  if (persons.length === 0) return { ok: false, reason: 'this message is not yours to hear' }
  const answer = await policing.admitsConversation({ conversation, persons, access, held: true, blocks: 0, sizeBytes: 0 })
  return answer.ok ? { ok: true } : { ok: false, refusal: 'unknown-voice', reason: 'no such message is kept here' }
}

async function authorisePut ({ store, policing, clock }: KeepingComponents, open: Extract<VoiceOpen, { type: 'put' }>, { served, addressees, speaking }: Omit<Question, 'open' | 'device'>): Promise<Authorisation> {
  const { conversation, person: from } = open
  const voice = toString(open.voice, 'hex')
  let answer: VoiceAnswer = { type: 'hidden' }
  // Whoever is blocked waits as long, and hears the same, as somebody whose log never came.
  const announced = await waitFor(async () => {
    if (await store.getBlock(open.action) === undefined) return false
    answer = await policing.admission.voice({ to: await addressees(open), from, conversation, voice, isSpeaking: speaking(from, voice) })
    return answer.type !== 'hidden'
  }, clock)
  const decided = answer as VoiceAnswer
  if (!announced || decided.type === 'hidden') return { ok: false, reason: 'the conversation does not announce this message' }
  if (served().length === 0) return { ok: false, reason: 'this proxy serves nobody' }
  if ((await addressees(open)).length === 0) return { ok: false, reason: 'nobody of this conversation is served here' }
  if (decided.type === 'refuse') return { ok: false, reason: decided.reason }
  const isNew = policing.book.get(conversation)?.voices.has(voice) !== true
  if (isNew && !policing.quota.take(from, { items: 1 })) return { ok: false, reason: policing.quota.words }
  return { ok: true, ...decided.limits === undefined ? {} : { limits: decided.limits } }
}
