import { encodeCanonical, type CID } from '@parley/core'
import { encryptContent, publicKeyFromDid, signBlock } from '@parley/identity'
import { compare } from 'uint8arrays'
import type { Device, Person } from './cast.ts'
import type { Choices } from './choices.ts'
import { readPlain, type PlainAction } from './reference/blocks.ts'
import { contextOf, readContents, type PlainContent } from './reference/contents.ts'
import { isEarlier, orderPlainly } from './reference/order.ts'
import { START_MS } from './timeline.ts'

/** What the bad writer has at hand. */
export interface Lair {
  conversation: CID
  device: Device
  /** Everybody, for accomplices and victims. */
  people: Person[]
  /** All that they hold, in the common order. */
  actions: PlainAction[]
  keys: Map<number, Uint8Array[]>
  /** Wall milliseconds. */
  now: number
  choices: Choices
}

/** Something bad: blocks for a victim. `refused` where no honest replica may take any of it. */
export interface Deed { name: string, blocks: Uint8Array[], refused: boolean }

export async function createLair (conversation: CID, device: Device, people: Person[], blocks: Uint8Array[], now: number, choices: Choices): Promise<Lair> {
  const actions = orderPlainly(blocks.slice(1).map(readPlain))
  const { keys } = await readContents(conversation, actions, new Map([[Buffer.from(device.keys.signer.publicKey).toString('hex'), device.keys.sealing]]))
  return { conversation, device, people, actions, keys, now: START_MS + now, choices }
}

interface Forgery {
  prev?: PlainAction | undefined
  heads?: PlainAction[]
  wallMs?: number
  counter?: number
  epoch?: number
  access?: unknown
  keys?: unknown
  content?: PlainContent
  seq?: number
  person?: Uint8Array
  author?: Uint8Array
}

async function forge ({ conversation, device, keys, choices }: Lair, { prev, heads = [], access, content, ...rest }: Forgery): Promise<Uint8Array> {
  const after = [...prev === undefined ? [] : [prev], ...heads]
  const latest = after.reduce((last, action) => isEarlier(last, action) ? action : last, after[0] ?? { wallMs: START_MS, counter: 0 } as PlainAction)
  const author = rest.author ?? device.keys.signer.publicKey
  const seq = rest.seq ?? (prev === undefined ? 0 : prev.seq + 1)
  const epoch = rest.epoch ?? Math.max(0, ...after.map(action => action.epoch))
  const sealed = encryptContent(keys.get(epoch)?.[0] ?? new Uint8Array(32), encodeCanonical({ v: 1, ...content ?? message(choices) }), contextOf(conversation, { author, seq }), choices.bytes)
  return await signBlock(device.keys.signer, 'action', {
    v: 1,
    conversation,
    author,
    person: rest.person ?? publicKeyFromDid(device.owner.did),
    seq,
    prev: prev?.cid ?? null,
    heads: heads.map(({ cid }) => cid).sort((a, b) => compare(a.bytes, b.bytes)),
    time: [rest.wallMs ?? latest.wallMs, rest.counter ?? (rest.wallMs === undefined ? latest.counter + 1 : 0), 0],
    epoch,
    sealed,
    ...access === undefined ? {} : { access },
    ...rest.keys === undefined ? {} : { keys: rest.keys }
  })
}

const message = (choices: Choices): PlainContent => ({ verb: 'add', thing: 'message', message: choices.bytes(16), body: `evil ${choices.below(1000)}` })
const ownOf = ({ actions, device }: Lair): PlainAction[] => actions.filter(({ author }) => compare(author, device.keys.signer.publicKey) === 0)
/** Somebody's newest action that is not the author's own. */
const otherHeads = ({ actions, device, choices }: Lair, prev?: PlainAction): PlainAction[] => {
  const others = actions.filter(({ author, name }) => compare(author, device.keys.signer.publicKey) !== 0 && name !== prev?.name)
  const head = choices.percent(50) ? others.at(-1) : choices.pick(others)
  return head === undefined ? [] : [head]
}
const flip = (bytes: Uint8Array, choices: Choices): Uint8Array => {
  const copy = bytes.slice()
  const at = choices.below(copy.length)
  copy[at] = (copy[at] ?? 0) ^ (1 << choices.below(8))
  return copy
}

type Make = (lair: Lair) => Promise<Omit<Deed, 'name'> | undefined>

const addition = (person: Person, permission: number): { access: unknown, content: PlainContent } => {
  const key = publicKeyFromDid(person.did)
  return {
    access: { add: [{ person: key, permission, history: 0 }], remove: [] },
    content: { verb: 'add', thing: 'participant', person: key, permission: ['read', 'comment', 'write', 'full'][permission] ?? 'read', history: 'all' }
  }
}

const DEEDS: Record<string, Make> = {
  'forks their chain': async lair => {
    const prev = lair.choices.pick(ownOf(lair).slice(0, -1))
    return prev === undefined ? undefined : { blocks: [await forge(lair, { prev, heads: otherHeads(lair, prev) })], refused: false }
  },
  'forks their chain at once, twice': async lair => {
    const prev = ownOf(lair).at(-1)
    if (prev === undefined) return undefined
    return { blocks: [await forge(lair, { prev }), await forge(lair, { prev })], refused: false }
  },
  'begins their chain again': async lair => ({ blocks: [await forge(lair, { heads: otherHeads(lair) })], refused: false }),
  'backdates': async lair => {
    const prev = lair.choices.pick(ownOf(lair))
    return prev === undefined ? undefined : { blocks: [await forge(lair, { prev, content: { verb: 'modify', thing: 'subject', subject: 'mine', follows: lair.actions[0]?.cid } })], refused: false }
  },
  'adds somebody by an old branch': async lair => {
    const prev = lair.choices.pick(ownOf(lair))
    const person = lair.choices.pick(lair.people)
    if (prev === undefined || person === undefined) return undefined
    return { blocks: [await forge(lair, { prev, heads: lair.choices.percent(50) ? [] : otherHeads(lair, prev), ...addition(person, lair.choices.below(4)) })], refused: false }
  },
  'removes somebody by an old branch': async lair => {
    const prev = lair.choices.pick(ownOf(lair))
    const person = lair.choices.pick(lair.people)
    if (prev === undefined || person === undefined) return undefined
    const key = publicKeyFromDid(person.did)
    return { blocks: [await forge(lair, { prev, heads: lair.choices.percent(50) ? [] : otherHeads(lair, prev), access: { add: [], remove: [key] }, content: { verb: 'delete', thing: 'participant', person: key } })], refused: false }
  },
  'says one thing in clear and seals another': async lair => {
    const prev = ownOf(lair).at(-1)
    const person = lair.choices.pick(lair.people)
    if (prev === undefined || person === undefined) return undefined
    return { blocks: [await forge(lair, { prev, ...addition(person, 2), content: message(lair.choices) })], refused: false }
  },
  'seals what is no content': async lair => {
    const prev = ownOf(lair).at(-1)
    return prev === undefined ? undefined : { blocks: [await forge(lair, { prev, content: { verb: 'add', thing: 'nonsense', many: [1, 2, 3] } })], refused: false }
  },
  'seals with no key': async lair => {
    const prev = ownOf(lair).at(-1)
    return prev === undefined ? undefined : { blocks: [await forge({ ...lair, keys: new Map() }, { prev })], refused: false }
  },
  'writes as somebody else': async lair => {
    const victim = lair.choices.pick(lair.actions)
    if (victim === undefined) return undefined
    return { blocks: [await forge(lair, { prev: victim, author: victim.author, person: victim.person })], refused: compare(victim.author, lair.device.keys.signer.publicKey) !== 0 }
  },
  'writes for another person': async lair => {
    const victim = lair.choices.pick(lair.people.filter(({ did }) => did !== lair.device.owner.did))
    return victim === undefined ? undefined : { blocks: [await forge(lair, { heads: otherHeads(lair), person: publicKeyFromDid(victim.did) })], refused: true }
  },
  'changes a byte of what somebody wrote': async lair => {
    const found = lair.choices.pick(lair.actions)
    return found === undefined ? undefined : { blocks: [flip(found.bytes, lair.choices)], refused: true }
  },
  'gives again what was given': async ({ actions, choices }) => {
    const some = choices.shuffle(actions).slice(0, 8).map(({ bytes }) => bytes)
    return { blocks: [...some, ...some], refused: false }
  },
  'writes far in the future': async lair => {
    const prev = ownOf(lair).at(-1)
    return prev === undefined ? undefined : { blocks: [await forge(lair, { prev, wallMs: lair.now + 400_000_000_000 })], refused: true }
  },
  'writes a little in the future': async lair => {
    const prev = ownOf(lair).at(-1)
    const wallMs = lair.now + lair.choices.between(30_000, 90_000)
    return prev === undefined || prev.wallMs >= wallMs ? undefined : { blocks: [await forge(lair, { prev, wallMs })], refused: false }
  },
  'exhausts the counter': async lair => {
    const prev = ownOf(lair).at(-1)
    return prev === undefined ? undefined : { blocks: [await forge(lair, { prev, wallMs: prev.wallMs, counter: 0xffff_ffff })], refused: false }
  },
  'writes before what they follow': async lair => {
    const prev = ownOf(lair).at(-1)
    return prev === undefined ? undefined : { blocks: [await forge(lair, { prev, wallMs: prev.wallMs - 1 })], refused: true }
  },
  'skips a number': async lair => {
    const prev = ownOf(lair).at(-1)
    return prev === undefined ? undefined : { blocks: [await forge(lair, { prev, seq: prev.seq + 2 })], refused: true }
  },
  'jumps over an epoch': async lair => {
    const prev = ownOf(lair).at(-1)
    return prev === undefined ? undefined : { blocks: [await forge(lair, { prev, epoch: prev.epoch + 2 })], refused: true }
  },
  'begins an epoch for themselves alone': async lair => {
    const prev = ownOf(lair).at(-1)
    if (prev === undefined) return undefined
    const heads = otherHeads(lair, prev)
    const epoch = 1 + Math.max(prev.epoch, ...heads.map(head => head.epoch))
    const keys = [{ device: lair.device.keys.signer.publicKey, enc: lair.choices.bytes(32), ct: lair.choices.bytes(52) }]
    return { blocks: [await forge({ ...lair, keys: new Map() }, { prev, heads, epoch, keys })], refused: false }
  },
  'names too many heads': async lair => {
    const prev = ownOf(lair).at(-1)
    const other = lair.actions[0]
    if (prev === undefined || other === undefined) return undefined
    const heads = Array.from({ length: 65 }, (_none, number) => readPlain(other.bytes.slice().fill(number, other.bytes.length - 64)))
    return { blocks: [await forge(lair, { prev, heads })], refused: true }
  },
  'writes too much': async lair => {
    const prev = ownOf(lair).at(-1)
    return prev === undefined ? undefined : { blocks: [await forge(lair, { prev, content: { ...message(lair.choices), body: 'x'.repeat(70_000) } })], refused: true }
  },
  'sends noise': async ({ choices }) => ({ blocks: [choices.bytes(choices.below(400)), Uint8Array.of(0x82), new Uint8Array()], refused: true }),
  'follows what nobody has': async lair => {
    const prev = ownOf(lair).at(-1)
    if (prev === undefined) return undefined
    const hidden = readPlain(await forge(lair, { prev }))
    return { blocks: [await forge(lair, { prev: hidden })], refused: false }
  },
  'floods what waits': async lair => {
    const prev = ownOf(lair).at(-1)
    if (prev === undefined) return undefined
    const hidden = readPlain(await forge(lair, { prev }))
    const blocks: Uint8Array[] = []
    for (let number = 0; number < 20; number++) blocks.push(await forge(lair, { prev: hidden }))
    return { blocks, refused: false }
  }
}

export const DEED_NAMES: readonly string[] = Object.keys(DEEDS)

/** Does something bad; undefined where the moment is not there. */
export async function doEvil (lair: Lair, names: readonly string[] = DEED_NAMES): Promise<Deed | undefined> {
  const name = lair.choices.pick(names) ?? ''
  const deed = await DEEDS[name]?.(lair).catch((error: unknown) => {
    // What cannot even be encoded does no harm.
    if ((error as Error).name === 'InvalidArgumentError') return undefined
    throw error
  })
  return deed === undefined ? undefined : { ...deed, name }
}
