import { sleep, type Change, type Clock, type EmitterSource, type Logger, type Store } from '@parley/core'
import type { Conversations, Mailbox } from '@parley/conversations'
import type { DeviceKeys, Did, People } from '@parley/identity'
import type { Network } from '@parley/network'
import { MAILBOX_KINDS, toRecord, type CallInput, type CallJournal } from 'parley'
import { createVoiceKeeper, signCaptureRecord, type Authorisation, type CaptureRecord, type VoiceKeeper, type VoiceOpen } from '@parley/voice'
import { toString } from 'uint8arrays'
import { nameOf } from './call-desk.ts'
import type { ProxyEvents } from './types.ts'

export interface KeepingComponents {
  store: Store
  network: Network
  people: People
  keys: DeviceKeys
  conversations: Conversations
  mailbox: Mailbox
  journal: CallJournal
  clock: Clock
  logger: Logger
  events: EmitterSource<ProxyEvents>
}

/** Keeps what is said to the people served, and puts it into their mailboxes in the same commit. */
export async function openKeeping (components: KeepingComponents, { served, graceMs }: { served: () => Did[], graceMs?: number | undefined }): Promise<VoiceKeeper> {
  const { store, network, people, keys, conversations, mailbox, journal, clock, events } = components
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
      const item = { kind: record.state === 'recording' ? MAILBOX_KINDS.capture : MAILBOX_KINDS.message, conversation: record.conversation, payload: new Uint8Array(payload) }
      changes.push(...await mailbox.put(person, item).catch((error: unknown) => {
        // What is said is kept all the same: a device that comes back finds it by the conversation's log.
        if ((error as Error).name !== 'MailboxFullError') throw error
        logger.warn('a mailbox is full', { person, error })
        return []
      }))
    }
    return changes
  }

  const keeper = await createVoiceKeeper({ store, network, people, clock, logger }, {
    authorise: async (open, device) => await authorise(components, { open, device, served, addressees }),
    onChange,
    ...(graceMs === undefined ? {} : { graceMs })
  })
  keeper.on('changed', ({ record, previous }) => {
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

/** The log comes over a stream of its own; what it announces may be a moment behind. */
const LOG_WAIT_MS = 2000

interface Question {
  open: VoiceOpen
  device: Did
  served: () => Did[]
  addressees(record: Pick<CaptureRecord, 'conversation' | 'person'>): Promise<Did[]>
}

/** Only what the log announces is kept, and only for somebody served; it is played to whoever may hold the log. */
async function authorise (components: KeepingComponents, { open, device, served, addressees }: Question): Promise<Authorisation> {
  const { conversations, people, store, clock } = components
  if (open.type === 'get') {
    const access = new Set(await conversations.holder(open.record.conversation).access())
    const persons = await people.personsOf(device)
    return persons.some(person => access.has(person)) ? { ok: true } : { ok: false, reason: 'this message is not yours to hear' }
  }
  const announced = await waitFor(async () => await store.getBlock(open.action) !== undefined, clock)
  if (!announced) return { ok: false, reason: 'the conversation does not announce this message' }
  if (served().length === 0) return { ok: false, reason: 'this proxy serves nobody' }
  return (await addressees(open)).length > 0 ? { ok: true } : { ok: false, reason: 'nobody of this conversation is served here' }
}

async function waitFor (holds: () => Promise<boolean>, clock: Clock): Promise<boolean> {
  const untilMs = clock.monotonicNow() + LOG_WAIT_MS
  for (let pauseMs = 5; ; pauseMs = Math.min(100, pauseMs * 2)) {
    if (await holds()) return true
    if (clock.monotonicNow() >= untilMs) return false
    await sleep(pauseMs, clock)
  }
}
