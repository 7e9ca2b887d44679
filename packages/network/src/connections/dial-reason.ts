const BY_CODE: Record<string, string> = {
  ECONNREFUSED: 'connection refused, nothing listens there',
  ECONNRESET: 'the connection was reset',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
  EADDRNOTAVAIL: 'there is no route to it',
  ENOTFOUND: 'its name is unknown',
  EAI_AGAIN: 'its name could not be looked up',
  ETIMEDOUT: 'it did not answer in time'
}

const BY_NAME: Record<string, string> = {
  TimeoutError: 'it did not answer in time',
  AbortError: 'it did not answer in time',
  EncryptionFailedError: 'the handshake failed',
  MuxerUnavailableError: 'the handshake failed',
  NoValidAddressesError: 'this node has no transport for such an address',
  TransportUnavailableError: 'this node has no transport for such an address',
  NoReservationError: 'the relay has no reservation of this peer',
  ConnectionFailedError: 'the connection failed'
}

/** Says in words why a dial failed; what stands deepest in its causes says most. */
export function dialReason (error: unknown): string {
  const chain: { code?: unknown, name?: unknown, message?: unknown }[] = []
  for (let link = error; typeof link === 'object' && link !== null && chain.length < 8; link = nextOf(link)) chain.push(link)
  for (const { code } of chain.toReversed()) {
    const words = BY_CODE[String(code)]
    if (words !== undefined) return words
  }
  for (const { name } of chain) {
    const words = BY_NAME[String(name)]
    const detail = chain[0]?.message
    if (words !== undefined) return name === 'EncryptionFailedError' && typeof detail === 'string' ? `${words} (${detail})` : words
  }
  // A browser's WebSocket, and Node's, tell nothing about why they failed.
  return String(chain[0]?.message ?? error) || 'the connection failed'
}

function nextOf (error: { cause?: unknown, errors?: unknown[], error?: unknown }): unknown {
  return error.cause ?? error.errors?.[0] ?? error.error
}
