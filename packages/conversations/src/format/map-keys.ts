/** A map key as it stands in CBOR: a text string shorter than 24 bytes. */
function key (name: string): Uint8Array {
  const text = new TextEncoder().encode(name)
  const bytes = new Uint8Array(text.length + 1)
  bytes[0] = 0x60 | text.length
  bytes.set(text, 1)
  return bytes
}

/** The keys of an action's body; canonical DAG-CBOR orders them by length, then by bytes. */
export const KEY = {
  v: key('v'),
  seq: key('seq'),
  keys: key('keys'),
  prev: key('prev'),
  time: key('time'),
  epoch: key('epoch'),
  heads: key('heads'),
  links: key('links'),
  access: key('access'),
  author: key('author'),
  person: key('person'),
  sealed: key('sealed'),
  conversation: key('conversation'),
  history: key('history'),
  permission: key('permission'),
  add: key('add'),
  remove: key('remove'),
  ct: key('ct'),
  enc: key('enc'),
  device: key('device'),
  prekey: key('prekey')
} as const
