import { InvalidArgumentError, type AbortOptions, type Clock, type Logger, type RandomBytes } from '@parley/core'
import type { Home } from '@parley/conversations'
import { deviceHistory, type DeviceHistoryEntry, type DeviceKeys, type DeviceRecord, type Did } from '@parley/identity'
import type { Network } from '@parley/network'
import { acceptPairing } from './pairing/accept-pairing.ts'
import { offerPairing } from './pairing/offer-pairing.ts'
import type { AddedDevice, ExistingSide, OfferPairingOptions, PairingOffer, PairingSession } from './pairing/types.ts'
import type { OwnList } from './own-list.ts'
import { UnknownOwnDeviceError } from './errors.ts'

/** A device of our own person. Times are milliseconds since 1970. */
export interface OwnDevice extends Omit<DeviceRecord, 'sealing'> {
  /** Whether it is the one this runs on. */
  isThis: boolean
  /** When it was last on line, as it wrote down itself, to the hour. */
  lastSeen?: number
}

/** The devices of this device's person. Everything that changes the list needs a device with the role `admin`. */
export interface OwnDevices {
  list(): Promise<OwnDevice[]>
  /** Returns who changed the list, when and how, and which changes have no effect and why. */
  history(): Promise<DeviceHistoryEntry[]>
  /** Returns the device with this DID or name. @throws {UnknownOwnDeviceError} also when several have the name */
  find(nameOrDid: string): Promise<OwnDevice>
  /** @throws {NotAdminError} */
  rename(device: Did, name: string): Promise<void>
  /**
   * Takes a device's rights for good: others refuse it as soon as they learn of
   * it, what is said from then on is sealed with keys it does not get, and what
   * was held for it is released.
   *
   * @throws {NotAdminError}
   */
  remove(device: Did): Promise<void>
  /** Forgets what a removed device was called; its key stays known, since what it signed stays valid. @throws {NotAdminError} */
  erase(device: Did): Promise<void>
  /** Shows a code for a new device to read. @throws {NotAdminError} */
  offerPairing(options?: OfferPairingOptions): Promise<PairingOffer<AddedDevice>>
  /** Reads the code that a new device shows. @throws {NotAdminError} and what is wrong with the code */
  acceptPairing(url: string, options?: AbortOptions): Promise<PairingSession<AddedDevice>>
}

export interface OwnDevicesComponents {
  network: Network
  keys: DeviceKeys
  ownList: OwnList
  home: Home
  card(): Promise<{ bytes: Uint8Array }>
  /** Gives what was written into the home log to our proxies. */
  spread(): Promise<void>
  clock: Clock
  random: RandomBytes
  logger: Logger
}

const COLLECTION = 'seen'
/** How exactly a device writes down that it was there: each record stays in the log for good. */
const SEEN_EVERY_MS = 60 * 60 * 1000

export function createOwnDevices (components: OwnDevicesComponents): OwnDevices {
  const { keys, ownList, home } = components

  const list = async (): Promise<OwnDevice[]> => {
    const { devices } = await ownList.current()
    const seen = new Map<Did, number>()
    for await (const { key, value } of home.list(COLLECTION)) seen.set(key, readTime(value))
    return devices.map(({ sealing: _sealing, ...record }) => {
      const lastSeen = seen.get(record.device)
      return { ...record, isThis: record.device === keys.did, ...(lastSeen === undefined ? {} : { lastSeen }) }
    })
  }
  const find = async (nameOrDid: string): Promise<OwnDevice> => {
    const all = await list()
    const byDid = all.find(({ device }) => device === nameOrDid)
    const [only, ...others] = byDid === undefined ? all.filter(({ name, revoked }) => revoked === undefined && name.toLowerCase() === nameOrDid.trim().toLowerCase()) : [byDid]
    if (only === undefined || others.length > 0) throw new UnknownOwnDeviceError(nameOrDid, others.length > 0)
    return only
  }
  const ours = (): ExistingSide => ({
    side: 'existing',
    list: ownList.current,
    async keepList (next) {
      // The pairing signed it; here it is only kept.
      await ownList.keep(next)
    },
    card: components.card,
    async welcome () {
      // A device that comes back to the proxy alone finds the keys there.
      await home.share({ durable: true })
      await components.spread()
      return new Uint8Array(0)
    }
  })

  return {
    list,
    find,
    history: async () => deviceHistory(await ownList.current()),
    async rename (device, name) {
      const record = (await ownList.current()).devices.find(record => record.device === device)
      if (record === undefined || record.revoked !== undefined) throw new UnknownOwnDeviceError(device, false)
      await ownList.change({ add: [{ ...record, name }] })
    },
    async remove (device) {
      if (device === keys.did) throw new InvalidArgumentError('A device cannot remove itself: do it from another one, or with the recovery phrase')
      await ownList.change({ revoke: [device] })
      await home.share({ durable: true })
      await components.spread()
    },
    async erase (device) {
      await ownList.change({ erase: [device] })
      await home.put(COLLECTION, device, undefined, { durable: true })
      await components.spread()
    },
    offerPairing: async options => await offerPairing(components, ours(), options),
    acceptPairing: async (url, options) => await acceptPairing(components, url, ours(), options)
  }
}

/** Writes down that this device is there, unless it did within the hour. */
export async function noteSeen ({ home, keys, clock }: Pick<OwnDevicesComponents, 'home' | 'keys' | 'clock'>): Promise<void> {
  const last = await home.get(COLLECTION, keys.did)
  const now = clock.now()
  if (last !== undefined && now - readTime(last) < SEEN_EVERY_MS) return
  await home.put(COLLECTION, keys.did, writeTime(now))
}

function writeTime (ms: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(Math.floor(ms)))
  return bytes
}

function readTime (bytes: Uint8Array): number {
  return bytes.byteLength === 8 ? Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0)) : 0
}
