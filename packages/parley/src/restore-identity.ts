import { createSystemClock, systemRandom } from '@parley/core'
import { createDeviceKeys, createSigner, decodeContactCard, extendDeviceList, recoverySealingOf, seedOfPhrase, WrongPersonError, type ContactCard, type SealingKey, type Signer } from '@parley/identity'
import { equals } from 'uint8arrays'
import { checkNoIdentity, ownDevice, readIdentity, writeIdentity, type IdentityFiles, type IdentityInit } from './identity-files.ts'

/** A device that was made from a phrase. What only the phrase opens is here for this one session and is written nowhere. */
export interface RestoredIdentity extends IdentityFiles {
  personSigner: Signer
  /** Opens what is sealed to the person's recovery key. */
  recovery: SealingKey
  /** The card it was made with: where the person's proxies are. */
  card: ContactCard
}

/**
 * Makes `folder` a new device of a person who has the recovery phrase, and a
 * contact card of theirs, which a proxy gives to anybody. The device is an
 * endpoint and an admin, and stands on the device list by the person's own
 * signature; nobody else knows that list yet.
 *
 * @throws {PhraseLengthError | UnknownPhraseWordError | PhraseChecksumError}
 * @throws {WrongPersonError} when the card is that of somebody else than the phrase
 * @throws {IdentityExistsError}
 * @throws what `decodeContactCard` throws; whether the card expired does not matter here
 */
export async function restoreIdentity (folder: string, { phrase, card: cardBytes, deviceName, passphrase, random = systemRandom, clock = createSystemClock() }: IdentityInit & {
  phrase: string
  card: Uint8Array
}): Promise<RestoredIdentity> {
  await checkNoIdentity(folder, passphrase)
  const personSeed = seedOfPhrase(phrase)
  const personSigner = await createSigner(personSeed)
  const card = await decodeContactCard(cardBytes)
  if (card.list.person !== personSigner.did) throw new WrongPersonError(personSigner.did, card.list.person)
  const [seed, sealingSecret] = [random(32), random(32)]
  const keys = await createDeviceKeys({ seed, sealingSecret })
  const recovery = await recoverySealingOf(personSeed)
  const known = card.list.recovery
  const now = Math.floor(clock.now())
  const list = await extendDeviceList(personSigner, card.list, {
    add: [ownDevice(keys, { name: deviceName, at: now })],
    ...(known !== undefined && equals(known, recovery.publicKey) ? {} : { recovery: recovery.publicKey })
  }, { at: now, random })
  await writeIdentity(folder, { seed, sealingSecret, list }, { passphrase })
  return { ...await readIdentity(folder, { passphrase }), personSigner, recovery, card }
}
