import { OversizedBytesError, bytesSchema, countSchema, createCodec, type Codec } from '@parley/core'
import { InvalidSignatureError, SIGNED_OVERHEAD_BYTES, signBody, splitSigned, verifySignature, type Signer } from '@parley/identity'
import * as z from 'zod/mini'
import { LINK_BYTES } from './beat-chain.ts'

/** A signed statement is never larger. */
export const MAX_STATEMENT_BYTES = 1_024
/** The most characters (UTF-16 units) of a declared status. */
export const MAX_DECLARED = 140

const WHAT = 'presence statement'
const CONTEXT = 'presence'

// Control characters could move a terminal's cursor, directional overrides make one text read as another.
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u

/** Tells whether a text can be declared: one line, printable, 1 to 140 characters. */
export function isDeclarable (text: unknown): text is string {
  return typeof text === 'string' && text.length > 0 && text.length <= MAX_DECLARED && text.isWellFormed() && !UNPRINTABLE.test(text)
}

const schema = z.strictObject({
  v: z.literal(1),
  person: bytesSchema({ exactBytes: 32 }),
  device: bytesSchema({ exactBytes: 32 }),
  session: countSchema(),
  seq: countSchema(),
  at: countSchema(),
  sentAt: countSchema(),
  platform: z.enum(['desktop', 'mobile', 'web', 'headless']),
  availability: z.enum(['live', 'can-ring', 'busy']),
  dnd: z.boolean(),
  declared: z.optional(z.custom<string>(isDeclarable, `expected one line of 1 to ${MAX_DECLARED} characters`)),
  chain: bytesSchema({ exactBytes: LINK_BYTES })
})

/**
 * What a device says of itself. `session` grows with every start, `seq` within
 * a session; `at` is milliseconds since the session began, by a clock that
 * nobody sets; `sentAt` is the wall clock, which only serves to tell that it is
 * wrong; `chain` is link 0 of the beats that keep the statement alive.
 */
export type Statement = z.infer<typeof schema>

/** Reads and writes the body of a statement. */
export const statementCodec: Codec<Statement> = createCodec<Statement>(WHAT, schema, { maxBytes: MAX_STATEMENT_BYTES - SIGNED_OVERHEAD_BYTES })

/** Signs a statement and returns the block. */
export async function signStatement (signer: Signer, statement: Statement): Promise<Uint8Array<ArrayBuffer>> {
  return await signBody(signer, CONTEXT, statementCodec.encode(statement))
}

/** A statement whose form is right, and whose signature is checked by `verify`. */
export interface ReadStatement {
  statement: Statement
  /** @throws {InvalidSignatureError} the device it names did not sign it */
  verify(): Promise<void>
}

/** Reads a signed statement. @throws {OversizedBytesError | InvalidBytesError} */
export function readStatement (block: Uint8Array): ReadStatement {
  if (block.byteLength > MAX_STATEMENT_BYTES) throw new OversizedBytesError(WHAT, block.byteLength, MAX_STATEMENT_BYTES)
  const { body, signature } = splitSigned(WHAT, block)
  const statement = statementCodec.decode(body)
  return {
    statement,
    async verify () {
      if (!await verifySignature(statement.device, CONTEXT, body, signature)) throw new InvalidSignatureError(WHAT)
    }
  }
}
