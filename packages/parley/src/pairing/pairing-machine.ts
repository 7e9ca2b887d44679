import { TimeoutError } from '@parley/core'
import { createPairingSecrets, pairingCommitment, type PairingSecrets, type PairingSideName, type ShortAuthentication } from '@parley/identity'
import { equals } from 'uint8arrays'
import { PairingMismatchError, PairingRefusedError, PairingUnfinishedError, SpentCodeError } from './errors.ts'
import { pairingFrameCodec, refusalFrame, type PairingFrame, type Refusal } from './frames.ts'
import { errorOfRefusal } from './refusals.ts'

/** What is fixed when a pairing begins; one side's view of it. */
export interface PairingTerms {
  readonly side: PairingSideName
  /** Whether this is the device that scanned, and therefore dials and commits first. */
  readonly dials: boolean
  readonly token: Uint8Array
  /** The signed pairing code. */
  readonly code: Uint8Array
  /** The first frame of the dialling device as it travels, and the commitment in it. */
  readonly hello: Uint8Array
  readonly commitment: Uint8Array
  /** Ours: 32 random bytes. */
  readonly nonce: Uint8Array
  /** The device at the other end. */
  readonly peer: string
  readonly lifetimeMs: number
}

/** How far the stream of the moment is; `ready` once both nonces went over it. */
export type PairingLink = 'down' | 'greeting' | 'ready'

/** Both nonces are known. Their frames are kept: a stream that comes again must bring the same. */
interface Met { readonly link: PairingLink, readonly secrets: PairingSecrets, readonly answer: Uint8Array, readonly reveal: Uint8Array }

/** One side of a pairing. */
export type PairingState =
  | { phase: 'meeting', link: PairingLink }
  /** The people compare; who of them has confirmed. */
  | { phase: 'comparing', ours: boolean, theirs: boolean } & Met
  /** Existing device: the list is being changed, and the welcome sealed. */
  | { phase: 'issuing' } & Met
  | { phase: 'delivering', welcome: Uint8Array } & Met
  /** New device: everybody agreed, and the welcome is to come. */
  | { phase: 'expecting' } & Met
  /** New device: the welcome is checked and kept. */
  | { phase: 'opening', welcome: Uint8Array } & Met
  /** New device: it is kept; the other end should hear of it. */
  | { phase: 'leaving', welcome: Uint8Array, told: boolean } & Met
  | { phase: 'done' }
  | { phase: 'failed', error: Error }

type Active = Exclude<PairingState, { phase: 'done' | 'failed' }>

export type PairingInput =
  | { type: 'attached' }
  | { type: 'detached', isClean: boolean }
  /** Nobody at the other end speaks of this pairing any more. */
  | { type: 'gone' }
  | { type: 'frame', frame: PairingFrame, bytes: Uint8Array }
  | { type: 'confirm' }
  | { type: 'refuse', reason: string }
  | { type: 'issued', welcome: Uint8Array }
  | { type: 'kept' }
  /** Issuing or opening failed. */
  | { type: 'broke', error: Error }
  | { type: 'expired' }
  /** The other end had its time to close after our last word. */
  | { type: 'farewell' }

export type PairingOutput =
  | { type: 'send', bytes: Uint8Array }
  | { type: 'compare', sas: ShortAuthentication }
  | { type: 'issue', secrets: PairingSecrets }
  | { type: 'open', secrets: PairingSecrets, welcome: Uint8Array }
  | { type: 'done' }
  | { type: 'failed', error: Error }
  /** Out of turn: nothing changed, and the stream is not worth keeping. */
  | { type: 'bad-frame', reason: string }
  | { type: 'dial-again' }
  /** Close the stream behind what is being sent. */
  | { type: 'hang-up' }

export interface PairingStep { state: PairingState, outputs: PairingOutput[] }

/** One side before any stream. */
export const startPairing: PairingState = { phase: 'meeting', link: 'down' }

/** Advances one side. After the end nothing changes it. */
export function stepPairing (terms: PairingTerms, state: PairingState, input: PairingInput): PairingStep {
  if (state.phase === 'done' || state.phase === 'failed') return same(state)
  switch (input.type) {
    case 'attached': return { state: { ...state, link: 'greeting' }, outputs: [send(terms.dials ? terms.hello : nonceFrame('answer', terms.nonce))] }
    case 'detached': return onDetached(terms, state, input.isClean)
    case 'gone': return state.phase === 'leaving' ? leave(state) : fail(terms, state, new SpentCodeError())
    case 'frame': return onFrame(terms, state, input.frame, input.bytes)
    case 'confirm': return onConfirm(terms, state)
    case 'refuse': return state.phase === 'opening' || state.phase === 'leaving' ? same(state) : fail(terms, state, new PairingRefusedError('us', input.reason), 'refused', input.reason)
    case 'issued': return state.phase === 'issuing' ? tell({ ...state, phase: 'delivering', welcome: input.welcome }, send(input.welcome)) : same(state)
    case 'kept': return state.phase === 'opening' ? tell({ ...state, phase: 'leaving', told: false }, receipt(state)) : same(state)
    case 'broke': return onBroke(state, input.error)
    case 'expired': return onExpired(terms, state)
    case 'farewell': return state.phase === 'leaving' && !state.told ? { state: { ...state, told: true }, outputs: [{ type: 'done' }] } : same(state)
  }
}

function onDetached (terms: PairingTerms, state: Active, isClean: boolean): PairingStep {
  // Whoever has our receipt closes; anything else may not have reached them.
  if (state.phase === 'leaving' && isClean && state.link === 'ready') return leave(state)
  return { state: { ...state, link: 'down' }, outputs: terms.dials ? [{ type: 'dial-again' }] : [] }
}

function onFrame (terms: PairingTerms, state: Active, frame: PairingFrame, bytes: Uint8Array): PairingStep {
  switch (frame.type) {
    case 'hello': return bad(state, 'a hello in the middle of a stream')
    case 'answer': return terms.dials ? onNonce(terms, state, bytes, nonceFrame('reveal', terms.nonce)) : bad(state, 'an answer to nobody')
    case 'reveal':
      if (terms.dials) return bad(state, 'a nonce that was not asked for')
      if (!equals(pairingCommitment(frame.nonce), terms.commitment)) return mismatch(terms, state, 'the nonce is not the one that was committed to')
      return onNonce(terms, state, nonceFrame('answer', terms.nonce), bytes)
    case 'refuse': return onRefused(terms, state, frame.reason, frame.detail)
    case 'confirm': return onTheirConfirm(terms, state, frame.mac)
    case 'welcome': return onWelcome(state, bytes)
    case 'done': return onDone(terms, state, frame.mac)
  }
}

/** Both nonces went over this stream. */
function onNonce (terms: PairingTerms, state: Active, answer: Uint8Array, reveal: Uint8Array): PairingStep {
  if (state.link !== 'greeting') return bad(state, 'a nonce out of turn')
  const reply = terms.dials ? [send(reveal)] : []
  if (state.phase === 'meeting') {
    const secrets = createPairingSecrets({ ...terms, answer, reveal })
    return { state: { phase: 'comparing', link: 'ready', secrets, answer, reveal, ours: false, theirs: false }, outputs: [...reply, { type: 'compare', sas: secrets.sas }] }
  }
  if (!equals(answer, state.answer) || !equals(reveal, state.reveal)) return mismatch(terms, state, 'the nonce is another than before')
  return { state: { ...state, link: 'ready' }, outputs: [...reply, ...said(terms, state)] }
}

/** What a stream that came again has to bring once more. */
function said (terms: PairingTerms, state: Exclude<Active, { phase: 'meeting' }>): PairingOutput[] {
  if (state.phase === 'comparing' && !state.ours) return []
  const outputs = [confirmation(terms, state)]
  if (state.phase === 'delivering') outputs.push(send(state.welcome))
  if (state.phase === 'leaving') outputs.push(receipt(state))
  return outputs
}

function onConfirm (terms: PairingTerms, state: Active): PairingStep {
  if (state.phase !== 'comparing' || state.ours) return same(state)
  return agree(terms, { ...state, ours: true }, state.link === 'ready' ? [confirmation(terms, state)] : [])
}

function onTheirConfirm (terms: PairingTerms, state: Active, mac: Uint8Array): PairingStep {
  if (state.phase === 'meeting' || state.link !== 'ready') return bad(state, 'a confirmation out of turn')
  if (!equals(mac, state.secrets.confirmation(terms.side === 'new' ? 'existing' : 'new'))) return mismatch(terms, state, 'the confirmation is of something else')
  return state.phase === 'comparing' ? agree(terms, { ...state, theirs: true }, []) : same(state)
}

function agree (terms: PairingTerms, state: Extract<Active, { phase: 'comparing' }>, outputs: PairingOutput[]): PairingStep {
  const { ours, theirs, ...met } = state
  if (!ours || !theirs) return { state, outputs }
  if (terms.side === 'new') return { state: { ...met, phase: 'expecting' }, outputs }
  return { state: { ...met, phase: 'issuing' }, outputs: [...outputs, { type: 'issue', secrets: met.secrets }] }
}

function onWelcome (state: Active, welcome: Uint8Array): PairingStep {
  if (state.phase === 'expecting' && state.link === 'ready') return { state: { ...state, phase: 'opening', welcome }, outputs: [{ type: 'open', secrets: state.secrets, welcome }] }
  const again = (state.phase === 'opening' || state.phase === 'leaving') && equals(welcome, state.welcome)
  return again ? same(state) : bad(state, 'a welcome out of turn')
}

function onDone (terms: PairingTerms, state: Active, mac: Uint8Array): PairingStep {
  if (state.phase !== 'delivering' || state.link !== 'ready') return bad(state, 'a receipt out of turn')
  if (!equals(mac, state.secrets.receipt(state.welcome))) return mismatch(terms, state, 'the receipt is of something else')
  return { state: { phase: 'done' }, outputs: [{ type: 'done' }, { type: 'hang-up' }] }
}

function onRefused (terms: PairingTerms, state: Active, reason: Refusal, detail: string): PairingStep {
  // What is being kept was agreed by everybody and is on the list: too late to say no.
  if (state.phase === 'opening') return same(state)
  if (state.phase === 'leaving') return leave(state)
  const error = errorAt(terms, state, errorOfRefusal(reason, detail))
  return { state: { phase: 'failed', error }, outputs: [{ type: 'failed', error }, { type: 'hang-up' }] }
}

function onBroke (state: Active, error: Error): PairingStep {
  if (state.phase !== 'issuing' && state.phase !== 'opening') return same(state)
  const reason = error.name === 'PairingMismatchError' ? 'mismatch' : 'failed'
  return { state: { phase: 'failed', error }, outputs: [send(refusalFrame(reason, error.name)), { type: 'failed', error }, { type: 'hang-up' }] }
}

function onExpired (terms: PairingTerms, state: Active): PairingStep {
  if (state.phase === 'opening') return same(state)
  if (state.phase === 'leaving') return leave(state)
  return fail(terms, state, new TimeoutError('Pairing the devices', terms.lifetimeMs), 'expired')
}

function leave (state: Extract<Active, { phase: 'leaving' }>): PairingStep {
  return { state: { phase: 'done' }, outputs: [...(state.told ? [] : [{ type: 'done' } as const]), { type: 'hang-up' }] }
}

function mismatch (terms: PairingTerms, state: Active, what: string): PairingStep {
  return fail(terms, state, new PairingMismatchError(what), 'mismatch', what)
}

function fail (terms: PairingTerms, state: Active, cause: Error, reason?: Refusal, detail?: string): PairingStep {
  const error = errorAt(terms, state, cause)
  const words = reason === undefined ? [] : [send(refusalFrame(reason, detail))]
  return { state: { phase: 'failed', error }, outputs: [...words, { type: 'failed', error }, { type: 'hang-up' }] }
}

/** Once the list is being signed, an end without a receipt leaves a device on it. */
function errorAt ({ peer }: PairingTerms, state: Active, cause: Error): Error {
  return state.phase === 'issuing' || state.phase === 'delivering' ? new PairingUnfinishedError(peer, cause.message, { cause }) : cause
}

/** Says something new, unless the stream of the moment is not so far: then `said` brings it. */
function tell (state: Exclude<Active, { phase: 'meeting' }>, output: PairingOutput): PairingStep {
  return { state, outputs: state.link === 'ready' ? [output] : [] }
}

function confirmation ({ side }: PairingTerms, { secrets }: Met): PairingOutput {
  return send(pairingFrameCodec.encode({ v: 1, type: 'confirm', mac: secrets.confirmation(side) }))
}

function receipt ({ secrets, welcome }: Met & { welcome: Uint8Array }): PairingOutput {
  return send(pairingFrameCodec.encode({ v: 1, type: 'done', mac: secrets.receipt(welcome) }))
}

function nonceFrame (type: 'answer' | 'reveal', nonce: Uint8Array): Uint8Array {
  return pairingFrameCodec.encode({ v: 1, type, nonce: new Uint8Array(nonce) })
}

function send (bytes: Uint8Array): PairingOutput {
  return { type: 'send', bytes }
}

function bad (state: Active, reason: string): PairingStep {
  return { state, outputs: [{ type: 'bad-frame', reason }] }
}

function same (state: PairingState): PairingStep {
  return { state, outputs: [] }
}
