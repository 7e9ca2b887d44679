import { createSystemClock, silentLogger, systemRandom, type AbortOptions, type Clock, type Logger } from '@parley/core'
import { createPeople, createSigner, recoveryPhrase, recoverySealingOf, seedOfPhrase, WrongPersonError, type Did } from '@parley/identity'
import { openLevelStore } from '@parley/network/node'
import { join } from 'node:path'
import { readIdentity } from '../identity-files.ts'
import { openParley } from '../open-parley.ts'
import type { Parley, SyncReport } from '../types.ts'
import { beginSuccession } from './begin-succession.ts'
import { newestOf } from './contact-moves.ts'

/** How far a rotation is: first it is made sure that nothing is missing here, in the end everybody is told. */
export type RotationStep = 'gathering' | 'signing' | 'telling'

export interface RotatePersonInit extends AbortOptions {
  /** The 24 words of the key that is to be replaced. */
  phrase: string
  passphrase?: string | undefined
  /** Shows the new phrase. Nothing is signed before this resolves, and nothing at all when it rejects. */
  onPhrase(phrase: string): Promise<void>
  onProgress?: (step: RotationStep) => void
  clock?: Clock
  logger?: Logger
}

export interface Rotated {
  from: Did
  person: Did
  /** The key had been replaced before, and what was left undone was done now. */
  resumed: boolean
  /** Whom the news reached at once; the others get it when this device meets them. */
  report: SyncReport
}

/**
 * Replaces the person's key by a new one, on a device of theirs that is an
 * admin and not running. When it is interrupted, calling it again with the same
 * phrase goes on; so does every later start of the device.
 *
 * @throws {PhraseLengthError | UnknownPhraseWordError | PhraseChecksumError}
 * @throws {WrongPersonError} when the phrase is somebody else's
 * @throws {NotAdminError} when this device is no admin
 * @throws {NoIdentityError | StoreLockedError} as `openParley`
 */
export async function rotatePerson (folder: string, { phrase, passphrase, onPhrase, onProgress = () => {}, clock = createSystemClock(), logger = silentLogger, signal }: RotatePersonInit): Promise<Rotated> {
  const from = await createSigner(seedOfPhrase(phrase))
  const visit = async (): Promise<Pick<Rotated, 'person' | 'report'>> => await withParley(await openParley(folder, { passphrase, clock, logger }), async parley => {
    if (await newestOf(parley.people, from.did) !== parley.person) throw new WrongPersonError(from.did, parley.person)
    return { person: parley.person, report: await parley.sync({ signal }) }
  })
  onProgress('gathering')
  const before = await visit()
  if (before.person !== from.did) return { from: from.did, ...before, resumed: true }

  const seed = systemRandom(32)
  await onPhrase(recoveryPhrase(seed))
  signal?.throwIfAborted()
  onProgress('signing')
  const { keys } = await readIdentity(folder, { passphrase })
  const store = await openLevelStore(join(folder, 'store'))
  try {
    const recovery = (await recoverySealingOf(seed)).publicKey
    await beginSuccession({ store, people: createPeople({ store, logger }), keys, clock, random: systemRandom }, { from, to: await createSigner(seed), recovery })
  } finally {
    await store.close()
  }
  onProgress('telling')
  return { from: from.did, ...await visit(), resumed: false }
}

async function withParley<T> (parley: Parley, use: (parley: Parley) => Promise<T>): Promise<T> {
  try {
    return await use(parley)
  } finally {
    await parley.stop()
  }
}
