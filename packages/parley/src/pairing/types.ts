import type { AbortOptions, Clock, Emitter, Logger, RandomBytes } from '@parley/core'
import type { DeviceKeys, DeviceList, DeviceRecord, Did, PairingSideName, Role, ShortAuthentication } from '@parley/identity'
import type { Network } from '@parley/network'

export interface PairingComponents {
  /** Made with `keys.seed`. One code can be open on it at a time. */
  network: Network
  keys: DeviceKeys
  clock: Clock
  random: RandomBytes
  logger: Logger
}

/** What a device that joins a person comes with. It needs no person. */
export interface NewSide {
  side: 'new'
  name: string
  platform: string
  /** What it asks to be: the people at the existing device see it and agree or refuse. */
  roles: Role[]
  /** @default [] */
  capabilities?: string[]
  /**
   * Keeps what came, durably: the existing device is told that it is kept once
   * this resolves. Called once at most, after people on both sides confirmed
   * and everything was verified; before, nothing is stored.
   */
  keep(joined: JoinedPerson): Promise<void>
}

/** What a device of a person, with role `admin`, does for a new one. */
export interface ExistingSide {
  side: 'existing'
  /** Returns the newest known list. */
  list(): Promise<DeviceList>
  /** Keeps the changed list, durably, before anybody hears of it. */
  keepList(list: DeviceList): Promise<void>
  /** Makes a contact card of the list that was kept, signed by this device. */
  card(): Promise<{ bytes: Uint8Array }>
  /** Returns what the new device needs besides, 64 KiB at most; it is sealed to that device. */
  welcome(added: AddedDevice): Promise<Uint8Array>
}

/** What a new device has in the end. */
export interface JoinedPerson {
  person: Did
  /** Contact card of the person; `list` is the device list in it. */
  card: Uint8Array
  list: DeviceList
  /** What the existing device's composing layer gave. */
  welcome: Uint8Array
}

/** What an existing device has in the end. */
export interface AddedDevice {
  list: DeviceList
  record: DeviceRecord
}

/** The device at the other end, as it says of itself. */
export interface PairingPeer {
  device: Did
  /** X25519 key to which is sealed, 32 bytes. */
  sealing: Uint8Array
  name: string
  platform: string
  /** What a new device asks for; an existing one is an admin, or nothing comes of it. */
  roles: Role[]
  capabilities: string[]
  /** Whose device the existing one is. */
  person?: Did
}

/**
 * `comparing`: nobody confirmed here yet. `waiting`: confirmed here, the other
 * side not yet heard of. `delivering`: everybody agreed.
 */
export type PairingStatus = 'comparing' | 'waiting' | 'delivering' | 'done' | 'failed'

export type PairingEvents = { state: PairingStatus }

/** Two devices whose people compare what both screens show. */
export interface PairingSession<Result> extends Emitter<PairingEvents> {
  readonly side: PairingSideName
  /** Must be the same on both screens, or somebody stands between the two devices. */
  readonly sas: ShortAuthentication
  readonly peer: PairingPeer
  readonly state: PairingStatus
  /** Says that the people found the same on both screens. */
  confirm(): void
  /** Ends the pairing, unless the new device is keeping it already. */
  refuse(reason?: string): void
  /**
   * Resolves on the new device once everything is kept, on the existing one
   * once the new device said so.
   *
   * @throws {PairingRefusedError} one side said no, or could not go on
   * @throws {PairingMismatchError} something was altered, or is not what was agreed
   * @throws {TimeoutError} the code expired before both sides confirmed
   * @throws {PairingUnfinishedError} existing device: the new one is on the list and did not say that it has what it needs
   */
  readonly done: Promise<Result>
}

/** A code on the screen. */
export interface PairingOffer<Result> {
  /** `parley:pair/1/…`; `qrTerminal` and `qrSvg` draw it. */
  readonly url: string
  readonly expires: number
  /**
   * Resolves once a device that read the code is there to be compared.
   *
   * @throws {TimeoutError} nobody came in time
   * @throws {PairingRefusedError} it was cancelled
   * @throws {PairingMismatchError} whoever came cheated; the code is spent
   */
  readonly waiting: Promise<PairingSession<Result>>
  /** Takes the code back; a session that has come of it is refused. Harmless when called again. */
  cancel(): Promise<void>
}

export interface OfferPairingOptions extends AbortOptions {
  /** How long the code is good, an hour at most. @default 600_000 */
  lifetimeMs?: number
}
