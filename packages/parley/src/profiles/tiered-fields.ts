import { encodeCanonical, type CID } from '@parley/core'
import { TIERS, type ProfileBlock, type ProfileFields, type Tier } from '@parley/identity'
import { equals } from 'uint8arrays'
import type { KnownTiers } from './take-answer.ts'

/** A person's own profile: each field, and whom it is for. */
export type ProfileSettings = { [Field in keyof ProfileFields]?: { value: NonNullable<ProfileFields[Field]>, tier: Tier } }

/** Returns the fields of one tier. */
export function fieldsOf (settings: ProfileSettings, tier: Tier): ProfileFields {
  return Object.fromEntries(Object.entries(settings).flatMap(([name, entry]) => entry.tier === tier ? [[name, entry.value]] : []))
}

/** Returns the settings of which these tiers were made; of a field in two the narrower one. */
export function settingsOf (tiers: KnownTiers): ProfileSettings {
  return Object.fromEntries(TIERS.flatMap(tier => Object.entries<unknown>({ ...tiers[tier]?.fields }).map(([name, value]) => [name, { value, tier }])))
}

/** Returns the photos that belong to these tiers. */
export function photosOf (tiers: Record<Tier, ProfileBlock>): CID[] {
  return TIERS.flatMap(tier => tiers[tier].fields.photo?.cid ?? [])
}

/** Tells whether a tier says just this. */
export function says (block: ProfileBlock | undefined, fields: ProfileFields): block is ProfileBlock {
  return block !== undefined && equals(encodeCanonical(block.fields), encodeCanonical(fields))
}
