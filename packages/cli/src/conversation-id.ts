import { CID } from '@parley/core'
import type { Parley } from 'parley'
import { UsageError } from './errors.ts'

/** Takes an id, or the beginning of one that no other conversation shares. */
export async function conversationId (parley: Parley, text: string): Promise<CID> {
  const fitting: CID[] = []
  for await (const id of parley.conversations.ids()) if (id.toString().startsWith(text)) fitting.push(id)
  const [only, another] = fitting
  if (only !== undefined && another === undefined) return only
  if (another !== undefined) throw new UsageError(`More than one conversation begins with ${text}`)
  try {
    return CID.parse(text)
  } catch (cause) {
    throw new UsageError(`"${text}" is no conversation id; list them with: parley conversation list`, { cause })
  }
}

export async function nameOf (parley: Parley, did: string): Promise<string> {
  if (did === parley.person) return 'me'
  return await parley.nameOf(did)
}
