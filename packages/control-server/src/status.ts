import { countSchema } from '@parley/core'
import * as z from 'zod/mini'
import { InvalidStatusError } from './errors.ts'

const peerSchema = z.object({
  /** The libp2p peer id. */
  peer: z.string(),
  address: z.string(),
  direction: z.enum(['inbound', 'outbound']),
  /** What the owner calls whoever this is. */
  name: z.optional(z.string())
})

const captureSchema = z.object({
  call: z.string(),
  /** The speaker's DID. */
  from: z.string(),
  fromName: z.optional(z.string()),
  /** Milliseconds since 1970. */
  startedAt: countSchema(),
  /** Segments acknowledged, which means on the disk. */
  segments: countSchema(),
  durationMs: countSchema(),
  /** `paused`: the link broke, or there is no room, and the capture may still go on. */
  state: z.enum(['recording', 'paused', 'complete', 'cut-off'])
})

/** What a node tells about itself on its status page and in `/status.json`. */
export const nodeStatusSchema = z.object({
  /** The display name of the person that this node serves. */
  name: z.string(),
  /** The person's DID; absent while this node has no owner yet. */
  person: z.optional(z.string()),
  /** The DID of this node's own device key. */
  device: z.string(),
  version: z.string(),
  /** Milliseconds since 1970. */
  startedAt: countSchema(),
  addresses: z.array(z.string()),
  contactUrl: z.optional(z.string()),
  /** A QR code of the contact URL as an SVG document. */
  contactQrSvg: z.optional(z.string()),
  /** Shown while this node has no owner yet. */
  claimUrl: z.optional(z.string()),
  peers: z.array(peerSchema),
  captures: z.array(captureSchema),
  /** `held`: not yet fetched by every device; `total`: all that are kept. */
  messages: z.object({ held: countSchema(), total: countSchema() }),
  conversations: countSchema(),
  disk: z.object({ folder: z.string(), usedBytes: countSchema(), freeBytes: countSchema() }),
  /** Sentences for the owner, for example that the disk is nearly full. */
  warnings: z.array(z.string())
})

export type NodeStatus = z.infer<typeof nodeStatusSchema>
export type PeerStatus = z.infer<typeof peerSchema>
export type CaptureStatus = z.infer<typeof captureSchema>

/** Whether a node can do its work now; `reasons` are sentences that say why not. */
export interface Readiness {
  ready: boolean
  reasons: string[]
}

/** Where the server asks what to show. */
export interface StatusSource {
  /** Returns the state of this moment; called about once a second for each open page. */
  snapshot(): Promise<NodeStatus>
  ready(): Promise<Readiness>
}

/**
 * Returns the part of a status that the schema knows: nothing else leaves the process.
 *
 * @throws {InvalidStatusError} naming the field, never its value
 */
export function checkedStatus (status: NodeStatus): NodeStatus {
  const { success, data, error } = nodeStatusSchema.safeParse(status)
  if (success) return data
  throw new InvalidStatusError(error.issues[0]?.path.join('.') ?? 'it is none', { cause: error })
}
