import { bytesSchema, countSchema, createCodec, type Change, type Clock, type RandomBytes, type Store } from '@parley/core'
import { concat, toString } from 'uint8arrays'
import * as z from 'zod/mini'
import { decryptContent, encryptContent } from '../content.ts'
import type { DeviceKeys } from '../device-keys.ts'
import type { Did } from '../did.ts'
import { createQueue } from '../queue.ts'
import { createSealingKey, type SealingKey } from '../sealing.ts'
import { createAgreementKey } from '../x25519.ts'
import {
  LAST_RESORT_LIFETIME_MS, ONE_TIME_LIFETIME_MS, SECRET_GRACE_MS, decideBatch,
  type BatchState, type HeldPreKeys
} from './decide-batch.ts'
import { PRE_KEY_ID_BYTES } from './pre-key.ts'
import { MAX_PRE_KEY_BATCH_BYTES, createPreKeyBatch, decodePreKeyBatch, type PreKeyBatch, type UnsignedPreKey } from './pre-key-batch.ts'

/** The secrets of a device's pre-keys, in its store. */
export interface PreKeySecrets {
  /**
   * Returns the batch that a proxy lacks; its secrets are on the disk itself.
   * What the proxy did not say it has is returned again, so that a connection
   * that breaks costs no keys.
   *
   * @throws {StorageUnavailableError}
   */
  batchFor(proxy: Did, held: HeldPreKeys): Promise<PreKeyBatch | undefined>
  /** Returns the key of a secret that is there. @throws {UndecryptableError} when its record was altered */
  open(id: Uint8Array): Promise<SealingKey | undefined>
  /** Deletes the secrets of one-time keys, on the disk itself; the last-resort key serves others still. Ids that are gone are passed over. */
  used(ids: Uint8Array[]): Promise<void>
  /**
   * To be called when a proxy was met and has all it needs: deletes secrets
   * whose time was over at such a meeting four weeks ago. So what waited
   * there for a device that was away can be opened, however long it was.
   */
  sweep(): Promise<void>
}

export interface PreKeySecretsComponents {
  store: Store
  keys: DeviceKeys
  clock: Clock
  random: RandomBytes
}

const PREFIX = '/pre-keys/own/'
const STATE = `${PREFIX}state`
const PENDING = `${PREFIX}pending/`
const SECRETS = `${PREFIX}secrets/`
const PURPOSE = new TextEncoder().encode('parley/1/pre-key\0')

const idSchema = bytesSchema({ exactBytes: PRE_KEY_ID_BYTES })
const lastResortSchema = z.strictObject({ id: idSchema, key: bytesSchema({ exactBytes: 32 }), expires: countSchema(), issued: countSchema() })
const stateCodec = createCodec('record of pre-keys', z.strictObject({ v: z.literal(1), series: idSchema, number: countSchema(0xffff_ffff), lastResort: lastResortSchema }), { maxBytes: 512 })
const secretCodec = createCodec('record of a pre-key', z.strictObject({
  v: z.literal(1),
  /** The secret under the storage key. */
  sealed: bytesSchema({ exactBytes: 72 }),
  expires: countSchema(),
  isLastResort: z.boolean(),
  /** When a proxy was first met after its time. */
  retired: z.nullable(countSchema())
}), { maxBytes: 512 })

type State = BatchState & { lastResort: z.infer<typeof lastResortSchema> }

/** Opens the secrets under `/pre-keys/own/`. */
export function createPreKeySecrets ({ store, keys, clock, random }: PreKeySecretsComponents, { person }: { person: Did }): PreKeySecrets {
  // What is made depends on what was made before.
  const queue = createQueue()

  const read = async (): Promise<State | undefined> => {
    const bytes = await store.get(STATE)
    return bytes === undefined ? undefined : stateCodec.decode(bytes)
  }
  const generate = async (expires: number, isLastResort: boolean): Promise<{ preKey: UnsignedPreKey, change: Change }> => {
    const [id, secret] = [random(PRE_KEY_ID_BYTES), random(32)]
    const { publicKey } = await createAgreementKey(secret)
    const sealed = encryptContent(keys.storageKey, secret, placeOf(id), random)
    return { preKey: { id, key: publicKey, expires }, change: { type: 'put', key: keyOf(id), value: secretCodec.encode({ v: 1, sealed, expires, isLastResort, retired: null }) } }
  }
  const make = async (proxy: Did, before: State | undefined, { count, isNewSeries, isRenewed }: { count: number, isNewSeries: boolean, isRenewed: boolean }): Promise<PreKeyBatch> => {
    const now = Math.floor(clock.now())
    const made = await Promise.all(Array.from({ length: count }, async () => await generate(now + ONE_TIME_LIFETIME_MS, false)))
    const renewed = before === undefined || isRenewed ? await generate(now + LAST_RESORT_LIFETIME_MS, true) : undefined
    const { id, key, expires, issued } = renewed === undefined && before !== undefined ? before.lastResort : { ...renewed?.preKey as UnsignedPreKey, issued: now }
    const state = {
      series: new Uint8Array(before === undefined || isNewSeries ? random(PRE_KEY_ID_BYTES) : before.series),
      number: before === undefined || isNewSeries ? 0 : before.number + 1,
      lastResort: { id: new Uint8Array(id), key: new Uint8Array(key), expires, issued }
    }
    const batch = await createPreKeyBatch(keys.signer, { ...state, person, issued: now, keys: made.map(({ preKey }) => preKey), lastResort: { id, key, expires } })
    await store.commit([
      ...made.map(({ change }) => change),
      ...renewed === undefined ? [] : [renewed.change],
      { type: 'put', key: STATE, value: stateCodec.encode({ v: 1, ...state }) },
      { type: 'put', key: PENDING + proxy, value: batch.bytes }
    ], { durable: true })
    return batch
  }
  const pendingFor = async (proxy: Did, state: State | undefined): Promise<PreKeyBatch | undefined> => {
    const bytes = await store.get(PENDING + proxy)
    if (bytes === undefined || bytes.byteLength > MAX_PRE_KEY_BATCH_BYTES) return undefined
    const batch = await decodePreKeyBatch(bytes)
    // One of an earlier series would take the place of what is there.
    return state !== undefined && toString(batch.series, 'hex') === toString(state.series, 'hex') ? batch : undefined
  }
  return {
    batchFor: async (proxy, held) => await queue(async () => {
      const state = await read()
      const pending = await pendingFor(proxy, state)
      const decision = decideBatch(state, pending?.number, held, clock.now())
      if (decision.type === 'resend') return pending
      if (decision.type === 'make') return await make(proxy, state, decision)
      if (pending !== undefined) await store.commit([{ type: 'delete', key: PENDING + proxy }])
      return undefined
    }),
    async open (id) {
      const bytes = await store.get(keyOf(id))
      if (bytes === undefined) return undefined
      return await createSealingKey(decryptContent(keys.storageKey, secretCodec.decode(bytes).sealed, placeOf(id)))
    },
    used: async ids => {
      // In turn with `sweep`, which could put back what is deleted here.
      await queue(async () => {
        const changes: Change[] = []
        for (const id of ids) {
          const bytes = await store.get(keyOf(id))
          if (bytes !== undefined && !secretCodec.decode(bytes).isLastResort) changes.push({ type: 'delete', key: keyOf(id) })
        }
        if (changes.length > 0) await store.commit(changes, { durable: true })
      })
    },
    sweep: async () => {
      await queue(async () => {
        const now = Math.floor(clock.now())
        const changes: Change[] = []
        for await (const { key, value } of store.entries(SECRETS)) {
          const secret = secretCodec.decode(value)
          if (secret.retired === null && secret.expires <= now) changes.push({ type: 'put', key, value: secretCodec.encode({ ...secret, retired: now }) })
          if (secret.retired !== null && secret.retired + SECRET_GRACE_MS <= now) changes.push({ type: 'delete', key })
        }
        if (changes.length > 0) await store.commit(changes, { durable: true })
      })
    }
  }
}

function keyOf (id: Uint8Array): string {
  return SECRETS + toString(id, 'hex')
}

/** Binds a sealed secret to its id. */
function placeOf (id: Uint8Array): Uint8Array {
  return concat([PURPOSE, id])
}
