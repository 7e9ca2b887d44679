import type { Clock } from '@parley/core'
import { createContactCard, type ContactCard, type DeviceKeys, type Did, type People } from '@parley/identity'
import type { Network } from '@parley/network'
import { UnknownPersonError } from '@parley/conversations'
import { devicesWith } from './routes.ts'

/** A card that is handed out is good for this long; what it says of devices is kept longer. */
export const CARD_LIFETIME_MS = 90 * 24 * 60 * 60 * 1000

/** Makes a contact card of our person: the newest device list, our proxies' addresses and this device's. */
export async function makeOwnCard ({ people, keys, network, clock }: { people: People, keys: DeviceKeys, network: Network, clock: Clock }, person: Did): Promise<ContactCard> {
  const list = await people.list(person)
  if (list === undefined) throw new UnknownPersonError(person)
  const now = clock.now()
  const proxies = (await devicesWith(people, person, 'proxy', now)).map(({ device, addresses }) => ({ device, addresses }))
  const own = network.addresses()
  const routes = [...proxies, ...(own.length === 0 ? [] : [{ device: keys.did, addresses: own }])].filter(({ addresses }) => addresses.length > 0)
  return await createContactCard(keys.signer, { list, routes, issued: now, expires: now + CARD_LIFETIME_MS })
}
