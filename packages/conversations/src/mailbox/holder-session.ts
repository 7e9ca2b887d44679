import type { AbortOptions, Clock, Logger } from '@parley/core'
import { decodeContactCard, didFromPeerId, rolesOf, type DeviceList, type Did, type People } from '@parley/identity'
import { NotAllowedError } from '../sync/errors.ts'
import { refuseFrame } from '../sync/frames.ts'
import { createStreamRunner, type FrameChannel, type StreamOutput } from '../sync/stream-runner.ts'
import type { Box } from './box.ts'
import { MailboxInterruptedError } from './errors.ts'
import { mailboxFrameCodec, type AckReason, type MailboxFrame, type MailboxHello } from './frames.ts'
import { createHolderState, holderPatienceMs, stepHolder, type HolderInput, type HolderOutput, type HolderState } from './holder-machine.ts'

export interface HolderSessionInit extends AbortOptions {
  stream: FrameChannel
  serves: () => Did[]
  box: (person: Did) => Promise<Box>
  /** The device is served from now on: `wake` it when there may be items. */
  onServed: (person: Did, wake: () => void) => void
  onAcknowledged: (person: Did, device: Did, upTo: number, reason: AckReason, dropped: number) => void
}

type Output = Exclude<HolderOutput, StreamOutput<MailboxFrame>>

/** Serves one stream of one device until it ends. */
export async function runHolderSession (components: { people: People, clock: Clock, logger: Logger }, init: HolderSessionInit): Promise<void> {
  const { clock, logger } = components
  const { stream } = init
  const device = didFromPeerId(stream.peer)
  let mailbox: { person: Did, box: Box } | undefined
  // Acknowledgements are written one after the other, so that a cursor never goes back.
  let writing: Promise<void> = Promise.resolve()
  const failed = (error: unknown): void => { runner.fail(error as Error) }

  const welcome = async (hello: MailboxHello): Promise<void> => {
    const person = await ownerOf(components, device, init.serves(), hello.card)
    const box = await init.box(person)
    mailbox = { person, box }
    await box.look()
    const after = box.place(hello.box, hello.after)
    // The acknowledgement of what it has may have been lost with its link.
    if (after > 0) await box.acknowledge(device, after, 'have')
    runner.dispatch({ type: 'welcome', box: box.id, after })
    init.onServed(person, () => { runner.dispatch({ type: 'available' }) })
  }
  const page = async (after: number, room: number): Promise<void> => {
    if (mailbox === undefined) return
    // A device that was revoked while it was connected gets nothing more.
    await ownerOf(components, device, [mailbox.person], null)
    runner.dispatch({ type: 'page', items: await mailbox.box.page(after, room) })
  }
  const acknowledge = async (upTo: number, reason: AckReason): Promise<void> => {
    if (mailbox === undefined) return
    const dropped = await mailbox.box.acknowledge(device, upTo, reason)
    init.onAcknowledged(mailbox.person, device, upTo, reason, dropped)
  }
  const perform = (output: Output): void => {
    switch (output.type) {
      case 'heard': welcome(output.hello).catch(failed); break
      case 'pull': page(output.after, output.room).catch(failed); break
      case 'acknowledged':
        writing = writing.then(async () => { await acknowledge(output.upTo, output.reason) })
        writing.catch(failed)
        break
    }
  }
  const runner = createStreamRunner<HolderState, HolderInput, Output, MailboxFrame>({ stream, clock, logger }, {
    state: createHolderState(),
    step: stepHolder,
    patienceMs: holderPatienceMs,
    codec: mailboxFrameCodec,
    onFrame: frame => ({ type: 'frame', frame }),
    closed: { type: 'closed' },
    perform,
    refuse: refuseFrame,
    interrupted: (_state, cause) => new MailboxInterruptedError(stream.peer, { cause })
  })
  try {
    await runner.run({ signal: init.signal })
  } finally {
    await writing.catch(() => {})
  }
}

/**
 * Returns which of `served` a device may fetch for: it must be an endpoint or
 * a listener on that person's newest list. A card brings a list we may not have.
 *
 * @throws {NotAllowedError} when it is nobody's
 */
async function ownerOf ({ people, clock, logger }: { people: People, clock: Clock, logger: Logger }, device: Did, served: Did[], card: Uint8Array | null): Promise<Did> {
  let named: Did | undefined
  if (card !== null) {
    try {
      const { list } = await decodeContactCard(card)
      named = list.person
      if (served.includes(list.person)) await people.learnCard(card)
    } catch (error) {
      logger.warn('a device brought a contact card that cannot be used', { device, error })
    }
  }
  const fetches = (list: DeviceList): boolean => rolesOf(list, device, clock.now()).some(role => role === 'endpoint' || role === 'listener')
  // Whoever the device itself vouched for comes first: anybody can list a device of others.
  const persons = await people.personsOf(device)
  // A device of two persons, as after a key was replaced, says by its card whose mailbox it means.
  for (const person of persons.sort((a, b) => Number(b === named) - Number(a === named))) {
    const list = served.includes(person) ? await people.list(person) : undefined
    if (list !== undefined && fetches(list)) return person
  }
  throw new NotAllowedError(`${device} is no live device of anybody whose mailbox is here`)
}
