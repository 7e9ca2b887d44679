import type { Clock, Logger, Store } from '@parley/core'
import { answerFor, openSealedTiers, type DeviceKeys, type Did, type People } from '@parley/identity'
import { openBundles } from '../profiles/bundle-store.ts'
import type { Profiles } from '../profiles/create-profiles.ts'
import { settingsOf } from '../profiles/tiered-fields.ts'

/** Says in the new key's name what the profile of the old one said, unless it says something already. */
export async function inheritProfile (components: { store: Store, people: People, keys: DeviceKeys, clock: Clock, logger: Logger }, profiles: Pick<Profiles, 'bundle' | 'set'>, formers: Did[]): Promise<void> {
  if (formers.length === 0 || profiles.bundle() !== undefined) return
  const bundles = await openBundles(components)
  for (const former of formers) {
    const bundle = bundles.get(former)
    if (bundle === undefined) continue
    const { blocks } = await openSealedTiers(components.keys, former, answerFor(bundle, components.keys.did))
    await profiles.set(settingsOf({ ...blocks, public: bundle.public }))
    return
  }
}
