const CID_PREFIX = Uint8Array.of(0x01, 0x71, 0x12, 0x20)

/**
 * Returns what binds a seal to its action: the conversation's CID (36 bytes),
 * the author's key (32) and the sequence number (8, big-endian). What is taken
 * out of one action opens in no other.
 */
export function sealingContext (conversation: Uint8Array, author: Uint8Array, seq: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(76)
  bytes.set(CID_PREFIX)
  bytes.set(conversation, 4)
  bytes.set(author, 36)
  new DataView(bytes.buffer).setUint32(72, seq)
  return bytes
}
