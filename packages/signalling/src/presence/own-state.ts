import { InvalidArgumentError, type CancelTimer, type Clock, type Logger, type RandomBytes } from '@parley/core'
import { publicKeyFromDid, type DeviceKeys, type Did } from '@parley/identity'
import { CHAIN_LENGTH, createBeatChain, type BeatChain } from './beat-chain.ts'
import type { PresenceTimers } from './presence-timers.ts'
import { MAX_DECLARED, isDeclarable, signStatement, type Statement } from './statement.ts'
import type { OwnState, Platform } from './types.ts'
import type { Listing } from './watcher-outbox.ts'

/** What this device tells of itself. */
export interface OwnPresence {
  /** The statement and the newest beat; undefined while nobody is to know of the device. */
  listing(): (Listing & { session: number, seq: number }) | undefined
  set(state: OwnState): void
  /** What was set last. */
  state(): OwnState | undefined
  /** Begins a new session where the device slept, or its clock was set: its time since the old one began says nothing any more. */
  checkClock(): void
  stop(): void
}

interface Components { device: DeviceKeys, person: () => Did | undefined, clock: Clock, random: RandomBytes, logger: Logger }

/** The two clocks of a device move apart by this when it slept, or its wall clock was set. */
const JUMP_MS = 10_000

/** Signs what the app says, and beats. `onStatement` is told of a new statement or that there is none, `onBeat` of a new link. */
export function createOwnPresence (components: Components, { platform, timers }: { platform: Platform, timers: PresenceTimers }, { onStatement, onBeat }: { onStatement(): void, onBeat(): void }): OwnPresence {
  const { device, clock, logger } = components
  const publicKey = publicKeyFromDid(device.did)
  let state: OwnState | undefined
  let current: (Listing & { session: number, seq: number, chain: BeatChain }) | undefined
  let session = startSession(0)
  let seq = 0
  let signing = false
  let isDue = false
  let signedAt = -Infinity
  let cancelBeat: CancelTimer = () => {}
  let cancelGap: CancelTimer = () => {}
  let stopped = false

  function startSession (last: number): { number: number, startedAt: number, apartMs: number } {
    const startedAt = clock.monotonicNow()
    return { number: Math.max(last + 1, Math.floor(clock.now())), startedAt, apartMs: clock.now() - startedAt }
  }

  const checkClock = (): boolean => {
    if (Math.abs(clock.now() - clock.monotonicNow() - session.apartMs) <= JUMP_MS) return false
    session = startSession(session.number)
    due()
    return true
  }

  /** The number of a link is the time since the statement, so that a timer that comes late makes none late after it. */
  const beat = (): void => {
    if (current === undefined || checkClock()) return
    const n = Math.floor((clock.monotonicNow() - signedAt) / timers.beatMs)
    if (n >= CHAIN_LENGTH) { due(); return }
    cancelBeat = clock.setTimer(beat, Math.max(1, Math.ceil(signedAt + (n + 1) * timers.beatMs - clock.monotonicNow())))
    if (n <= current.n) return
    current.n = n
    current.link = current.chain.link(n)
    onBeat()
  }

  /** Signs at once, or when the last statement is old enough. */
  const due = (): void => {
    isDue = true
    if (signing || stopped) return
    cancelGap()
    // Who hides is gone at once.
    const waitMs = state?.hidden === true ? 0 : Math.ceil(signedAt + timers.statementGapMs - clock.monotonicNow())
    if (waitMs > 0) { cancelGap = clock.setTimer(due, waitMs); return }
    signing = true
    sign().catch((error: unknown) => { logger.error('a presence statement could not be signed', { error }) }).finally(() => {
      signing = false
      if (isDue) due()
    })
  }

  const sign = async (): Promise<void> => {
    isDue = false
    cancelBeat()
    const said = state
    const person = components.person()
    if (said === undefined || said.hidden === true || person === undefined) {
      current = undefined
    } else {
      const chain = createBeatChain(components)
      const startedAt = clock.monotonicNow()
      const statement: Statement = {
        v: 1, person: publicKeyFromDid(person), device: publicKey, session: session.number, seq: ++seq,
        at: Math.floor(startedAt - session.startedAt), sentAt: Math.floor(clock.now()),
        platform, availability: said.availability, dnd: said.doNotDisturb ?? false, chain: chain.anchor,
        ...(said.declared === undefined ? {} : { declared: said.declared })
      }
      const block = await signStatement(device.signer, statement)
      // Who hides while it is being signed was quicker.
      if (stopped || state?.hidden === true) return
      signedAt = startedAt
      current = { block, n: 0, link: chain.anchor, session: statement.session, seq: statement.seq, chain }
      cancelBeat = clock.setTimer(beat, timers.beatMs)
    }
    if (!stopped) onStatement()
  }

  return {
    listing: () => current,
    set (next) {
      if (next.declared !== undefined && !isDeclarable(next.declared)) throw new InvalidArgumentError(`A declared status is one line of 1 to ${MAX_DECLARED} characters`)
      if (!['live', 'can-ring', 'busy'].includes(next.availability)) throw new InvalidArgumentError(`${String(next.availability)} is no availability`)
      state = { ...next }
      due()
    },
    state: () => state === undefined ? undefined : { ...state },
    checkClock () { checkClock() },
    stop () {
      stopped = true
      current = undefined
      cancelBeat()
      cancelGap()
    }
  }
}
