import type { AbortOptions, Clock } from '@parley/core'
import { publicKeyFromDid, type Did } from '../did.ts'
import { NameNotClaimedError, NameOfNobodyError } from './errors.ts'
import { resolveDocument, type DidDocument, type DidResolver } from './resolver.ts'

/** So many keys of one document are asked about. */
const MAX_CANDIDATES = 8

/** A name that holds in both directions. */
export interface VerifiedName {
  name: string
  did: Did
  checkedAt: number
}

export interface VerifyNameComponents {
  resolver: DidResolver
  clock: Clock
  /** Returns the names in the public part of somebody's profile, verified; undefined when there is no profile to be had. */
  namesOf: (person: Did, options: AbortOptions) => Promise<string[] | undefined>
}

/** Returns the Ed25519 did:keys that a document names: in `alsoKnownAs`, as a controller, or as a key. */
export function keysNamedBy ({ alsoKnownAs = [], verificationMethod = [] }: DidDocument): Did[] {
  const texts = [
    ...alsoKnownAs,
    ...verificationMethod.flatMap(({ id, controller, publicKeyMultibase }) => [
      id.split('#')[0] ?? '',
      controller,
      ...(typeof publicKeyMultibase === 'string' ? [`did:key:${publicKeyMultibase}`] : [])
    ])
  ]
  return [...new Set(texts.filter(isPerson))].slice(0, MAX_CANDIDATES)
}

/**
 * Finds the person of a name and checks both directions: the name's document
 * names the person's key, and the public part of the person's profile, which
 * that key's devices signed, names the name. Either alone could be written by
 * anybody.
 *
 * @throws {UnresolvableNameError} when there is no document, or nothing here resolves such names
 * @throws {NameOfNobodyError} when the document names no person, or not `expect`
 * @throws {NameNotClaimedError} when nobody whom it names has it in their profile
 */
export async function verifyName ({ resolver, clock, namesOf }: VerifyNameComponents, name: string, { expect, signal }: AbortOptions & { expect?: Did } = {}): Promise<VerifiedName> {
  const persons = keysNamedBy(await resolveDocument(resolver, name, { signal })).filter(did => expect === undefined || did === expect)
  if (persons.length === 0) throw new NameOfNobodyError(name, expect)
  let cause: unknown
  for (const did of persons) {
    try {
      if ((await namesOf(did, { signal }))?.includes(name) === true) return { name, did, checkedAt: clock.now() }
    } catch (error) {
      signal?.throwIfAborted()
      cause = error
    }
  }
  throw new NameNotClaimedError(name, persons, { cause })
}

function isPerson (text: string): boolean {
  try {
    return publicKeyFromDid(text).byteLength > 0
  } catch {
    return false
  }
}
