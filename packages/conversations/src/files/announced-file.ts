import { InvalidBytesError, OversizedBytesError, bytesSchema, cidSchema, decodeCanonical, sleep, type AbortOptions, type CID, type Clock, type Store } from '@parley/core'
import * as z from 'zod/mini'
import { MAX_ACTION_BYTES } from '../format/limits.ts'

/** What anybody may read of an action: its conversation, and what it links to. */
const actionSchema = z.tuple([z.looseObject({ conversation: cidSchema, links: z.optional(z.array(cidSchema)) }), bytesSchema({ exactBytes: 64 })])

const POLL_MS = 250
const PATIENCE_MS = 5_000

/** Tells whether an action that is here, of this conversation, links to the root; waits a little for it to come, since the log has a stream of its own. */
export async function announcesFile ({ store, clock }: { store: Store, clock: Clock }, file: { conversation: CID, action: CID, root: CID }, { signal }: AbortOptions = {}): Promise<boolean> {
  const until = clock.monotonicNow() + PATIENCE_MS
  for (;;) {
    const bytes = await store.getBlock(file.action)
    if (bytes !== undefined) return linksTo(bytes, file)
    if (clock.monotonicNow() >= until) return false
    await sleep(POLL_MS, clock, { signal })
  }
}

function linksTo (bytes: Uint8Array, { conversation, root }: { conversation: CID, root: CID }): boolean {
  try {
    const parsed = actionSchema.safeParse(decodeCanonical('action', bytes, MAX_ACTION_BYTES))
    if (!parsed.success) return false
    const [body] = parsed.data
    return body.conversation.equals(conversation) && body.links?.some(link => link.equals(root)) === true
  } catch (error) {
    // Some other block that is kept here.
    if (error instanceof InvalidBytesError || error instanceof OversizedBytesError) return false
    throw error
  }
}
