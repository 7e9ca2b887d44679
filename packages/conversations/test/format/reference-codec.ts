import { bytesSchema, cidSchema, countSchema, createCodec, type CID } from '@parley/core'
import { compare, equals } from 'uint8arrays'
import * as z from 'zod/mini'

/** The specification's schema of an action's block, over the generic canonical codec: slow and plain, to measure the parser by. */
const key = bytesSchema({ exactBytes: 32 })
const isSha256 = (cid: CID, codes: number[]): boolean => cid.version === 1 && codes.includes(cid.code) && cid.multihash.code === 0x12 && cid.multihash.digest.length === 32
const actionLink = cidSchema.check(z.refine(cid => isSha256(cid, [0x71])))
const anyLink = cidSchema.check(z.refine(cid => isSha256(cid, [0x71, 0x55, 0x70])))
const ascending = (list: Uint8Array[]): boolean => list.every((item, index) => index === 0 || compare(list[index - 1] ?? item, item) < 0)
const links = (schema: typeof anyLink, min: number) => z.array(schema).check(z.minLength(min), z.maxLength(64), z.refine(list => ascending(list.map(cid => cid.bytes))))
const people = z.array(key).check(z.maxLength(128), z.refine(ascending))
const grant = z.strictObject({ person: key, history: countSchema(1), permission: countSchema(3) })
const grants = z.array(grant).check(z.maxLength(128), z.refine(list => ascending(list.map(({ person }) => person))))
const access = z.strictObject({ add: grants, remove: people }).check(
  z.refine(({ add, remove }) => add.length + remove.length > 0),
  z.refine(({ add, remove }) => !add.some(({ person }) => remove.some(removed => equals(removed, person))))
)
const keyCopy = z.strictObject({ device: key, enc: key, ct: bytesSchema({ maxBytes: 65_536 }), prekey: z.optional(bytesSchema({ exactBytes: 8 })) })
const whole = (limit: number) => countSchema(limit - 1)

const body = z.strictObject({
  v: z.literal(1),
  conversation: actionLink,
  author: key,
  person: key,
  seq: whole(2 ** 32 - 1),
  prev: z.nullable(actionLink),
  heads: links(actionLink, 0),
  time: z.tuple([whole(2 ** 48), whole(2 ** 32), z.custom<number>(value => typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= 1080)]),
  epoch: whole(2 ** 32),
  access: z.optional(access),
  keys: z.optional(z.array(keyCopy).check(z.minLength(1), z.refine(list => ascending(list.map(({ device }) => device))))),
  links: z.optional(links(anyLink, 1)),
  sealed: bytesSchema({ maxBytes: 65_536 }).check(z.refine(bytes => bytes.length >= 40))
}).check(
  z.refine(({ seq, prev }) => (seq === 0) === (prev === null)),
  z.refine(({ prev, heads }) => prev === null || !heads.some(head => equals(head.bytes, prev.bytes)))
)

export type ReferenceBody = z.infer<typeof body>

export const referenceCodec = createCodec('action', z.tuple([body, bytesSchema({ exactBytes: 64 })]), { maxBytes: 65_536 })
