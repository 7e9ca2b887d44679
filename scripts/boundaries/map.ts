/** What a package of the map may do. The table is the design's; changing it wants an entry under docs/adr. */
export interface PackageRule {
  /** Packages of ours that it may import, by folder name. */
  uses: readonly string[]
  /** What its sources must not say, beyond what no package may. */
  mustNot?: readonly Ban[]
}

/** A pattern over scanned code or over import specifiers, with the reason in words. */
export interface Ban {
  code?: RegExp
  specifier?: RegExp
  reason: string
}

const ROW_3_AND_BELOW = ['core', 'identity', 'network', 'media', 'control', 'signalling', 'conversations', 'delivery', 'blink', 'voice', 'delivery-smtp']

const INPUT_OUTPUT = /^node:(?!crypto$)/
const NETWORKING = /^node:(net|dgram|dns|http|https|http2|tls)(\/|$)/
const FETCH = /(?<![.\w$])(fetch|WebSocket|XMLHttpRequest|EventSource)\s*\(/
const DOM = /(?<![.\w$])(document|window)\s*[.[]/
const WEBRTC_OR_SDP = /(?<![\w$])(RTCPeerConnection|RTCSessionDescription)\b/

/** The map, from the bottom row to the top. */
export const MAP: Readonly<Record<string, PackageRule>> = {
  core: {
    uses: [],
    mustNot: [
      { specifier: INPUT_OUTPUT, reason: 'core does no I/O' },
      { code: FETCH, reason: 'core does no I/O' }
    ]
  },
  identity: {
    uses: ['core'],
    mustNot: [
      { specifier: NETWORKING, reason: 'identity does not touch the network' },
      { code: FETCH, reason: 'identity does not touch the network' }
    ]
  },
  network: { uses: ['core'] },
  media: { uses: ['core'] },
  control: { uses: ['core'] },
  signalling: {
    uses: ['core', 'identity', 'network'],
    mustNot: [{ code: WEBRTC_OR_SDP, reason: 'signalling does not touch RTCPeerConnection' }]
  },
  conversations: { uses: ['core', 'identity', 'network'] },
  delivery: { uses: ['core', 'identity', 'network'] },
  'delivery-smtp': { uses: ['core', 'delivery'] },
  voice: { uses: ['core', 'identity', 'network', 'media', 'conversations'] },
  blink: {
    uses: ['core', 'identity', 'signalling', 'media'],
    mustNot: [{ specifier: /^node:https?2?$/, reason: 'blink does not speak HTTP' }]
  },
  parley: { uses: ROW_3_AND_BELOW },
  proxy: {
    uses: [...ROW_3_AND_BELOW, 'parley'],
    mustNot: [{ code: DOM, reason: 'proxy does not use the DOM' }]
  },
  'control-server': { uses: ['core', 'control', 'blink', 'conversations', 'delivery', 'parley'] },
  cli: { uses: [...ROW_3_AND_BELOW, 'parley', 'proxy', 'control-server'] },
  web: { uses: ['parley', 'control'] },
  'compliance-tests': { uses: ROW_3_AND_BELOW }
}

/** Packages that only one of ours may import. */
export const OWNED: readonly { specifier: RegExp, owner: string, what: string }[] = [
  { specifier: /^(libp2p|helia|ipfs-[\w-]+|@libp2p\/.+|@helia\/.+|@chainsafe\/(libp2p|gossipsub).*)$/, owner: 'network', what: 'libp2p and helia' },
  { specifier: /^(fastify|fastify-.+|@fastify\/.+)$/, owner: 'control-server', what: 'fastify' },
  { specifier: /^(nodemailer|smtp-server|mailauth)$/, owner: 'delivery-smtp', what: 'mail' }
]

/** What only some packages may say, wherever in their sources. */
export const RESERVED: readonly { ban: Ban, allowed: readonly string[] }[] = [
  {
    allowed: ['cli'],
    ban: { code: /(?<![.\w$])(globalThis\s*\.\s*)?process\s*(\??\.|\[)/, specifier: /^(node:)?process$/, reason: 'only cli reads process.*' }
  },
  {
    allowed: ['cli'],
    ban: { code: /(?<![.\w$])console\s*\??\./, specifier: /^(node:)?console$/, reason: 'only cli writes to the console; elsewhere use components.logger' }
  },
  {
    allowed: ['core'],
    ban: { code: /(?<![\w$])(Date\.now|performance\.now)\b|(?<![.\w$])new Date\s*\(\s*\)/, reason: 'time comes from components.clock' }
  },
  {
    allowed: ['core'],
    ban: { code: /(?<![.\w$])(globalThis\s*\.\s*)?(setTimeout|setInterval)\s*\(|(?<![\w$])AbortSignal\s*\.\s*timeout\b/, specifier: /^(node:)?timers(\/promises)?$/, reason: 'timers come from components.clock' }
  },
  {
    allowed: ['core'],
    ban: { code: /(?<![\w$])Math\s*\.\s*random\b|(?<![\w$])(getRandomValues|randomBytes|randomUUID)\s*\(/, reason: 'randomness comes from components.random' }
  }
]
