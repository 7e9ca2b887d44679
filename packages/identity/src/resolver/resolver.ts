import type { AbortOptions } from '@parley/core'
import { Resolver, type DIDDocument, type DIDResolutionOptions, type DIDResolutionResult, type Resolvable } from 'did-resolver'
import type { Did } from '../did.ts'
import { UnresolvableNameError } from './errors.ts'

/** A DID document (https://www.w3.org/TR/did-core/). */
export type DidDocument = DIDDocument

/** One DID method, for example `key` or `web`. */
export interface DidMethod {
  method: string
  /** Returns the document; throws whatever is wrong, an `UnresolvableNameError` with a code of its own. */
  resolve(did: Did, options: AbortOptions): Promise<DidDocument>
}

/** Resolves DIDs of the methods it was made with; anything that takes a `Resolvable` of did-resolver takes it too. */
export type DidResolver = Resolvable

/** Creates a resolver of these methods. A method that is not among them is never asked for, so nothing is fetched unless `did:web` is there. */
export function createDidResolver ({ methods }: { methods: DidMethod[] }): DidResolver {
  return new Resolver(Object.fromEntries(methods.map(({ method, resolve }) => [
    method,
    async (did: string, _parsed: unknown, _resolver: unknown, options: DIDResolutionOptions): Promise<DIDResolutionResult> => {
      try {
        const didDocument = await resolve(did, { signal: options['signal'] as AbortSignal | undefined })
        return { didResolutionMetadata: { contentType: 'application/did+ld+json' }, didDocument, didDocumentMetadata: {} }
      } catch (cause) {
        const { message, code, name } = cause as Error & { code?: string }
        const error = typeof code === 'string' ? code : name === 'InvalidDidError' ? 'invalidDid' : 'notFound'
        return { didResolutionMetadata: { error, message }, didDocument: null, didDocumentMetadata: {} }
      }
    }
  ])))
}

/**
 * Returns the document of a DID.
 *
 * @throws {UnresolvableNameError} with the code of the resolution
 */
export async function resolveDocument (resolver: DidResolver, did: Did, { signal }: AbortOptions = {}): Promise<DidDocument> {
  const { didDocument, didResolutionMetadata: { error = 'notFound', message } } = await resolver.resolve(did, { signal })
  signal?.throwIfAborted()
  if (didDocument === null) throw new UnresolvableNameError(did, error, typeof message === 'string' ? message : 'nothing here resolves it')
  return didDocument
}
