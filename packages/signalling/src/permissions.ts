import type { Role } from '@parley/identity'
import { equals } from 'uint8arrays'
import type { Signal } from './signal.ts'

/**
 * Says why a device with these roles may not send this signal, or undefined
 * when it may. An endpoint speaks for its person; a proxy only answers for
 * them, and says so by `onBehalfOf`.
 */
export function whyForbidden (roles: readonly Role[], signal: Signal): string | undefined {
  const endpoint = roles.includes('endpoint')
  if (!endpoint && !roles.includes('proxy')) return 'it is neither an endpoint nor a proxy'
  switch (signal.type) {
    case 'ack':
    case 'call.leave':
      return undefined
    case 'call.offer':
    case 'call.alive':
      return endpoint ? undefined : 'a proxy does not call as its person'
    case 'call.offer-ack':
      return endpoint || signal.payload.reach === 'proxy-only' || signal.payload.reach === 'busy' ? undefined : 'a proxy cannot say that its person is there'
    case 'call.reject':
      // Declining is the person's own word; a proxy can only take itself out.
      return endpoint || signal.payload.reason === 'unavailable' || signal.payload.reason === 'blocked' ? undefined : 'a proxy cannot decline for its person'
    case 'call.accept':
      return whyAcceptForbidden(endpoint, signal.payload, signal.from)
  }
}

function whyAcceptForbidden (endpoint: boolean, payload: { mode: string, onBehalfOf?: Uint8Array | undefined }, from: Uint8Array): string | undefined {
  if (payload.onBehalfOf !== undefined && !equals(payload.onBehalfOf, from)) return 'it accepts on behalf of somebody else'
  if (endpoint) return undefined
  if (payload.mode !== 'capture') return 'a proxy cannot take a call live'
  return payload.onBehalfOf === undefined ? 'a proxy has to say on whose behalf it accepts' : undefined
}
