import type { Did } from '@parley/identity'
import type { OwnState } from '@parley/signalling'
import type { Parley } from 'parley'
import type { CommandContext, CommandDefinition } from '../command.ts'
import { DeviceNotRunningError, UsageError } from '../errors.ts'
import { asUsage } from '../as-usage.ts'
import { jsonPresence, presenceLine, presenceTable, type Presence } from '../presence-table.ts'
import { wholeNumber } from '../whole-number.ts'
import { isMadeUp } from '../who.ts'

/** A board says that it is there and who is on it in two frames; what follows this close belongs together. */
const SETTLE_MS = 300

export const presenceShow: CommandDefinition = {
  usage: 'presence show [who...]',
  summary: 'show how reachable your contacts are now',
  options: [
    { flags: '--watch', description: 'go on telling what changes, until Ctrl-C' },
    { flags: '--wait <seconds>', description: 'how long to wait for the first answers', default: '3' }
  ],
  examples: ['parley presence show', 'parley presence show Bob Chess', 'parley presence show --watch --json'],
  async action (context, who, { watch, wait }) {
    const { output, withParley } = context
    const waitMs = 1000 * wholeNumber('--wait', wait, 0, 600)
    await withParley(async parley => {
      const dids = await watched(parley, who)
      const stops = dids.map(did => parley.presence.watch(did))
      try {
        await answers(context, parley, dids, waitMs)
        const now = async (): Promise<Presence[]> => await Promise.all(dids.map(async did => await presenceOf(parley, did)))
        if (watch === true) await follow(context, parley, now)
        else {
          const all = await now()
          output.result(all.map(jsonPresence), all.length === 0 ? 'Nobody to look for. Add somebody with: parley contact add <card>\n' : presenceTable(all))
        }
      } finally {
        for (const stop of stops) stop()
      }
    })
    return undefined
  }
}

/** Those who are named, groups expanded; all contacts when nobody is. */
async function watched (parley: Parley, who: string[]): Promise<Did[]> {
  const dids = new Set<Did>()
  if (who.length === 0) for await (const contact of parley.contacts.list()) if (!isMadeUp(contact)) dids.add(contact.did)
  for (const one of who) for (const did of await parley.contacts.resolve(one)) dids.add(did)
  return [...dids]
}

async function presenceOf (parley: Parley, did: Did): Promise<Presence> {
  return { did, name: await parley.nameOf(did), reachability: parley.presence.getReachability(did) }
}

/** Waits until somebody answered for everybody and nothing more comes, at most `waitMs`. */
async function answers ({ io }: CommandContext, parley: Parley, dids: Did[], waitMs: number): Promise<void> {
  io.signal.throwIfAborted()
  await new Promise<void>(resolve => {
    let cancelSettle = (): void => {}
    const end = (): void => {
      off()
      cancelSettle()
      cancelWait()
      io.signal.removeEventListener('abort', end)
      resolve()
    }
    const look = (): void => {
      cancelSettle()
      if (dids.every(did => parley.presence.getReachability(did).from.length > 0)) cancelSettle = io.clock.setTimer(end, SETTLE_MS)
    }
    const off = parley.presence.on('changed', look)
    const cancelWait = io.clock.setTimer(end, waitMs)
    io.signal.addEventListener('abort', end)
    if (dids.length === 0) end()
    else look()
  })
}

/** Tells what changes until the command is stopped: a table drawn in place on a terminal, else a line a change. */
async function follow ({ io, output, options }: CommandContext, parley: Parley, now: () => Promise<Presence[]>): Promise<void> {
  const isLive = io.stderrIsTerminal && !output.json && options.quiet !== true
  let drawn = 0
  const draw = async (): Promise<void> => {
    const text = presenceTable(await now())
    io.err(`${drawn === 0 ? '' : `\u001b[${drawn}A\u001b[J`}${text}`)
    drawn = text.split('\n').length - 1
  }
  const tell = (presence: Presence): void => { output.event({ event: 'presence', ...jsonPresence(presence) }, presenceLine(presence)) }
  const first = await now()
  const dids = new Set(first.map(({ did }) => did))
  if (isLive) await draw()
  else for (const presence of first) tell(presence)
  // One after the other: names are looked up, and a later state must not be overtaken by an earlier one.
  let telling = Promise.resolve()
  const off = parley.presence.on('changed', ({ did, reachability }) => {
    if (!dids.has(did)) return
    telling = telling.then(async () => {
      if (isLive) await draw()
      else tell({ did, name: await parley.nameOf(did), reachability })
    })
  })
  await new Promise<void>(resolve => {
    if (io.signal.aborted) resolve()
    else io.signal.addEventListener('abort', () => { resolve() }, { once: true })
  })
  off()
  await telling
}

/** What each word makes of the state that is told. */
const STATES: Record<string, (state: OwnState) => OwnState> = {
  live: state => ({ ...state, availability: 'live', doNotDisturb: false }),
  'can-ring': state => ({ ...state, availability: 'can-ring', doNotDisturb: false }),
  busy: state => ({ ...state, availability: 'busy', doNotDisturb: false }),
  dnd: state => ({ ...state, doNotDisturb: true }),
  hidden: state => ({ ...state, hidden: true }),
  shown: state => ({ ...state, hidden: false })
}

export const presenceSet: CommandDefinition = {
  usage: 'presence set <state>',
  summary: 'say how this device stands, while it is on line: live, can-ring, busy, dnd (do not disturb), hidden or shown',
  options: [{ flags: '--message <text>', description: 'a line for your contacts, 140 characters at most; "" takes it away' }],
  examples: ['parley presence set dnd --message "In a meeting until three"', 'parley presence set hidden', 'parley presence set can-ring --message ""'],
  async action ({ folder, isOwner, output, withParley }, [word = ''], options) {
    const message = options['message'] as string | undefined
    const edit = Object.hasOwn(STATES, word) ? STATES[word] : undefined
    if (edit === undefined) throw new UsageError(`A device is one of ${Object.keys(STATES).join(', ')}, not "${word}"`)
    // Told by this command alone it would be over with it.
    if (!isOwner) throw new DeviceNotRunningError(folder.root)
    await withParley(async parley => {
      const { declared, ...state } = edit(parley.presence.state() ?? { availability: 'can-ring' })
      const says = message ?? declared
      const next: OwnState = { ...state, ...(says === undefined || says === '' ? {} : { declared: says }) }
      await asUsage('Presence cannot say that', async () => { parley.presence.set(next) })
      output.result(next, `You are ${stateWords(next)}${next.declared === undefined ? '' : `: ${next.declared}`}\n`)
    })
    return undefined
  }
}

function stateWords ({ availability, doNotDisturb, hidden }: OwnState): string {
  if (hidden === true) return 'hidden: nobody sees this device'
  return doNotDisturb === true ? 'not to be disturbed' : { live: 'there', 'can-ring': 'to be rung', busy: 'busy' }[availability]
}
