import { createSystemClock, silentLogger, systemRandom, type AbortOptions, type Clock, type Logger } from '@parley/core'
import { createDeviceKeys, createPeople, type Role } from '@parley/identity'
import { createMemoryStore, createNetwork } from '@parley/network'
import { openLevelStore } from '@parley/network/node'
import { hostname, platform } from 'node:os'
import { join } from 'node:path'
import { checkNoIdentity, writePairedIdentity } from '../identity-files.ts'
import { acceptPairing } from '../pairing/accept-pairing.ts'
import { offerPairing } from '../pairing/offer-pairing.ts'
import type { JoinedPerson, NewSide, OfferPairingOptions, PairingOffer, PairingSession } from '../pairing/types.ts'

export interface JoinPersonInit {
  /** @default the machine's host name */
  deviceName?: string | undefined
  /** Key files are encrypted under it when given. */
  passphrase?: string | undefined
  /** What the device asks to be. @default ['endpoint', 'admin'] */
  roles?: Role[]
  /** Multiaddrs to listen on while a code is shown. @default none: this device only dials */
  listen?: string[]
  clock?: Clock
  logger?: Logger
}

/** A machine that is about to become a device of somebody who has one already. Nothing is stored before both screens were compared. */
export interface Joining {
  /** Shows a code for the other device to read. */
  showCode(options?: OfferPairingOptions): Promise<PairingOffer<JoinedPerson>>
  /** Reads the code that the other device shows. @throws what is wrong with the code */
  takeCode(url: string, options?: AbortOptions): Promise<PairingSession<JoinedPerson>>
  stop(): Promise<void>
}

/**
 * Makes keys for a new device in `folder` and offers to pair it.
 *
 * @throws {IdentityExistsError}
 */
export async function joinPerson (folder: string, { deviceName = hostname(), passphrase, roles = ['endpoint', 'admin'], listen = [], clock = createSystemClock(), logger = silentLogger }: JoinPersonInit = {}): Promise<Joining> {
  await checkNoIdentity(folder, passphrase)
  const [seed, sealingSecret] = [systemRandom(32), systemRandom(32)]
  const keys = await createDeviceKeys({ seed, sealingSecret })
  const network = await createNetwork({ store: createMemoryStore(), logger: logger.child('network') }, { seed, listen })
  const components = { network, keys, clock, random: systemRandom, logger }
  const ours: NewSide = {
    side: 'new',
    name: deviceName,
    platform: platform(),
    roles,
    capabilities: ['voice'],
    async keep ({ card, list }) {
      await learnCard(folder, card, logger)
      await writePairedIdentity(folder, { seed, sealingSecret, list, passphrase })
    }
  }
  return {
    showCode: async options => await offerPairing(components, ours, options),
    takeCode: async (url, options) => await acceptPairing(components, url, ours, options),
    stop: async () => { await network.stop() }
  }
}

/** Keeps a card in the store of a device that is not opened yet: it says where the person's proxies are. */
export async function learnCard (folder: string, card: Uint8Array, logger: Logger): Promise<void> {
  const store = await openLevelStore(join(folder, 'store'))
  try {
    await createPeople({ store, logger }).learnCard(card, { durable: true })
  } finally {
    await store.close()
  }
}
