import { withTimeout, type AbortOptions, type Clock } from '@parley/core'
import * as z from 'zod/mini'
import type { Did } from '../did.ts'
import { UnresolvableNameError } from './errors.ts'
import type { DidDocument, DidMethod } from './resolver.ts'

/** A DID document is never larger. */
const MAX_DOCUMENT_BYTES = 64 * 1024
const DEFAULT_TIMEOUT_MS = 5000
const HOST = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i
const SEGMENT = /^(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2})+$/

/** What the platform's `fetch` does, as far as it is used here. */
export type FetchDocument = (url: string, init: { redirect: 'manual', credentials: 'omit', headers: Record<string, string>, signal: AbortSignal }) => Promise<Response>

export interface DidWebInit {
  /** Also resolves names of this machine (`localhost`, 127.0.0.1), over plain http. @default false */
  allowLoopback?: boolean
  /** @default 5000 */
  timeoutMs?: number
}

/** What of a document has to be right before anything is read from it; other fields may be there. */
const documentSchema = z.looseObject({
  id: z.string(),
  alsoKnownAs: z.optional(z.array(z.string())),
  verificationMethod: z.optional(z.array(z.looseObject({ id: z.string(), type: z.string(), controller: z.string() })))
})

/**
 * Returns where the document of a `did:web` lies
 * (https://w3c-ccg.github.io/did-method-web/): the host, with a port as
 * `%3A8443`, then either a path or `/.well-known`, and `did.json`. Names of IP
 * addresses are refused, but for those of this machine where they are allowed.
 *
 * @throws {UnresolvableNameError}
 */
export function didWebUrl (did: Did, { allowLoopback = false }: Pick<DidWebInit, 'allowLoopback'> = {}): string {
  const refuse = (reason: string): UnresolvableNameError => new UnresolvableNameError(did, 'invalidDid', reason)
  if (!did.startsWith('did:web:') || did.length > 512) throw refuse('it is no did:web')
  const [authority = '', ...path] = did.slice('did:web:'.length).split(':')
  const [host = '', port, more] = authority.split(/%3a/i)
  if (!HOST.test(host) || more !== undefined) throw refuse('its host is none')
  if (port !== undefined && !(/^[1-9][0-9]{0,4}$/.test(port) && Number(port) <= 65_535)) throw refuse('its port is none')
  // A dot segment would lead out of the path, and so would a slash or dots in disguise.
  if (path.some(segment => !SEGMENT.test(segment) || /^(?:\.|%2e){1,2}$/i.test(segment) || /%2f|%5c/i.test(segment))) throw refuse('its path is none')
  const isLoopback = /^localhost$/i.test(host) || /^127(?:\.\d{1,3}){3}$/.test(host)
  if (isLoopback && !allowLoopback) throw refuse('it names this machine')
  // What ends in a number is an IPv4 address to whoever opens the URL (https://url.spec.whatwg.org/#host-parsing).
  if (!isLoopback && /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/i.test(host)) throw refuse('it names an IP address')
  const folder = path.length === 0 ? '.well-known' : path.join('/')
  return `${isLoopback ? 'http' : 'https'}://${host}${port === undefined ? '' : `:${port}`}/${folder}/did.json`
}

/**
 * Creates the DID method `web`. It fetches whatever host a name has, so it
 * belongs into a resolver only where whoever runs the node wants that.
 * Redirects are refused, and no cookies are sent.
 */
export function didWebMethod ({ fetch, clock }: { fetch: FetchDocument, clock: Clock }, { allowLoopback = false, timeoutMs = DEFAULT_TIMEOUT_MS }: DidWebInit = {}): DidMethod {
  return {
    method: 'web',
    async resolve (did, { signal }) {
      const url = didWebUrl(did, { allowLoopback })
      const given = new AbortController()
      try {
        const either = signal === undefined ? given.signal : AbortSignal.any([given.signal, signal])
        return await withTimeout(fetchDocument(fetch, did, url, { signal: either }), `The document of ${did}`, timeoutMs, clock, { signal })
      } catch (cause) {
        throw cause instanceof UnresolvableNameError ? cause : new UnresolvableNameError(did, 'notFound', (cause as Error).message, { cause })
      } finally {
        given.abort()
      }
    }
  }
}

async function fetchDocument (load: FetchDocument, did: Did, url: string, { signal }: AbortOptions & { signal: AbortSignal }): Promise<DidDocument> {
  const response = await load(url, { redirect: 'manual', credentials: 'omit', headers: { accept: 'application/did+ld+json, application/did+json, application/json' }, signal })
  if (response.status !== 200) throw new UnresolvableNameError(did, 'notFound', `${url} answers ${response.status === 0 ? 'with a redirect' : response.status}`)
  const text = await readText(did, response)
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    throw new UnresolvableNameError(did, 'invalidDidDocument', 'its document is no JSON', { cause })
  }
  const document = documentSchema.safeParse(parsed)
  if (!document.success) throw new UnresolvableNameError(did, 'invalidDidDocument', 'its document is none')
  if (document.data.id !== did) throw new UnresolvableNameError(did, 'invalidDidDocument', 'its document is of another name')
  return document.data
}

/** Reads at most as much as a document may have, whatever length is announced. */
async function readText (did: Did, { body }: Response): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: false })
  let text = ''
  let sizeBytes = 0
  const reader = body?.getReader()
  for (let read = await reader?.read(); read !== undefined && !read.done; read = await reader?.read()) {
    sizeBytes += read.value.byteLength
    if (sizeBytes > MAX_DOCUMENT_BYTES) {
      await reader?.cancel().catch(() => {})
      throw new UnresolvableNameError(did, 'invalidDidDocument', `its document has more than ${MAX_DOCUMENT_BYTES} bytes`)
    }
    text += decoder.decode(read.value, { stream: true })
  }
  return text + decoder.decode()
}
