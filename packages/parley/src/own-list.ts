import { createEmitter, type CID, type Clock, type Emitter, type Logger, type RandomBytes } from '@parley/core'
import { extendDeviceList, rolesOf, type DeviceKeys, type DeviceList, type DeviceListChange, type Did, type People, type Signer } from '@parley/identity'
import { NotAdminError } from './errors.ts'

export interface OwnListComponents {
  people: People
  keys: DeviceKeys
  /** The person's own key, where this device has it. */
  personSigner: Signer | undefined
  clock: Clock
  random: RandomBytes
  logger: Logger
  /** Keeps the list beside the keys, durably. */
  keepList(bytes: Uint8Array): Promise<void>
}

export interface OwnListEvents extends Record<string, unknown> {
  /** Our list grew, by this device (`local`) or another of ours. */
  changed: { list: DeviceList, local: boolean }
}

/** The device list of this device's person. */
export interface OwnList extends Emitter<OwnListEvents> {
  current(): Promise<DeviceList>
  /** Tells whether this device may change the list now. */
  mayChange(): Promise<boolean>
  /**
   * Signs a change and keeps it, durably, before anybody hears of it.
   *
   * @throws {NotAdminError} when this device may not
   * @throws {InvalidArgumentError} when the change cannot be
   */
  change(change: DeviceListChange): Promise<DeviceList>
  /** Keeps a list that this device signed elsewhere, durably. */
  keep(list: DeviceList): Promise<DeviceList>
  /** Waits for what is being kept. */
  stop(): Promise<void>
}

/** Opens the list of `person`; it is known to `people` already. */
export function createOwnList ({ people, keys, personSigner, clock, random, logger, keepList }: OwnListComponents, person: Did): OwnList {
  const events = createEmitter<OwnListEvents>(logger)
  let keeping: Promise<unknown> = Promise.resolve()
  let kept: CID | undefined
  let made: CID | undefined

  const inTurn = async <T> (work: () => Promise<T>): Promise<T> => {
    const done = keeping.then(work)
    keeping = done.catch(() => {})
    return await done
  }
  const current = async (): Promise<DeviceList> => {
    const list = await people.list(person)
    if (list === undefined) throw new NotAdminError()
    return list
  }
  const signerFor = (list: DeviceList): Signer | undefined => {
    if (personSigner !== undefined) return personSigner
    return rolesOf(list, keys.did, clock.now()).includes('admin') ? keys.signer : undefined
  }

  const off = people.on('changed', changed => {
    if (changed.person !== person) return
    // What another device changed is kept beside the keys as well: a copy of them alone never goes back to an older list.
    inTurn(async () => { await write(changed.list) }).catch((error: unknown) => { logger.error('the device list could not be kept', { error }) })
    events.emit('changed', { list: changed.list, local: made?.equals(changed.list.cid) === true })
  })

  const write = async (list: DeviceList): Promise<void> => {
    if (kept?.equals(list.cid) === true) return
    await keepList(list.bytes)
    kept = list.cid
  }
  const keep = async (next: DeviceList): Promise<DeviceList> => {
    await write(next)
    made = next.cid
    return await people.learnList(next.bytes)
  }

  return {
    on: events.on,
    current,
    keep: async next => await inTurn(async () => await keep(next)),
    mayChange: async () => signerFor(await current()) !== undefined,
    async change (change) {
      return await inTurn(async () => {
        const list = await current()
        const signer = signerFor(list)
        if (signer === undefined) throw new NotAdminError()
        return await keep(await extendDeviceList(signer, list, change, { at: Math.floor(clock.now()), random }))
      })
    },
    async stop () {
      off()
      await keeping
    }
  }
}
