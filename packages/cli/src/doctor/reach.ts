import { withTimeout } from '@parley/core'
import { coversDeviceList, decodeContactCard, rolesOf, type ContactCard, type DeviceList, type Did } from '@parley/identity'
import { PeerUnreachableError } from '@parley/network'
import { devicesWith, type DeviceRoute } from 'parley'
import { failure, ok, warning, type Check, type Finding, type Patient } from './finding.ts'

/** How long each machine may take to answer. */
const PROXY_MS = 5000
const CONTACT_MS = 3000
const MAX_CONTACTS = 50
const AT_ONCE = 8

/** Own proxies: whether each answers, serves us, has the device list as it is, and takes our policy. */
export const checkProxies: Check = async patient => {
  const { parley, isOffline, signal, context: { io } } = patient
  const list = await parley.deviceList()
  const proxies = await devicesWith(parley.people, parley.person, 'proxy', io.clock.now())
  if (proxies.length === 0) return [warning('proxy', 'You have no proxy: nobody reaches you while this device is off', 'Run one with parley proxy start --unclaimed, and take it with parley proxy add')]
  if (isOffline) return [ok('proxy', `${proxies.length} on your device list, not asked`)]
  const found = await Promise.all(proxies.map(async proxy => {
    const answer = await ask(patient, proxy, { person: parley.person, who: proxy.name, timeoutMs: PROXY_MS })
    if ('reason' in answer) return [judgeSilence(proxy, answer)]
    const finding = judgeProxy(proxy, { ours: list, theirs: answer.card.list, at: parley.diagnosis.addressOf(proxy.peer), now: io.clock.now() })
    if (finding.standing === 'failure') return [finding]
    const refusal = await withTimeout(parley.policy.exchange(proxy, { signal }), `Handing the policy to ${proxy.name}`, PROXY_MS, io.clock).then(() => undefined, (error: unknown) => error as Error)
    io.signal.throwIfAborted()
    return [finding, ...(refusal === undefined ? [] : [warning('proxy', `${proxy.name} did not take your policy: ${refusal.message}`, 'parley inbox tries again; until then it does not know whom you blocked last')])]
  }))
  return found.flat()
}

/** Judges a proxy that gave our card. */
export function judgeProxy ({ name, device }: Pick<DeviceRoute, 'name' | 'device'>, { ours, theirs, at, now }: { ours: DeviceList, theirs: DeviceList, at: string | undefined, now: number }): Finding {
  if (!rolesOf(theirs, device, now).includes('proxy')) return failure('proxy', `${name} shows a device list that does not name it as your proxy`, `Take it again: parley proxy add, or remove it: parley device remove ${JSON.stringify(name)}`)
  if (!coversDeviceList(theirs, ours)) return warning('proxy', `${name} shows an older device list than this device has`, 'parley inbox brings it up to date; if it stays so, the proxy keeps something to itself')
  if (!coversDeviceList(ours, theirs)) return warning('proxy', `${name} knows of changes to your device list that this device has not heard of`, 'parley inbox brings them; parley device list --history shows them')
  return ok('proxy', `${name} answers and serves you${at === undefined ? '' : `, at ${at}`}`)
}

/** Judges a proxy that gave no card. */
export function judgeSilence ({ name, addresses }: Pick<DeviceRoute, 'name' | 'addresses'>, { reason, isRefusal }: Silence): Finding {
  if (isRefusal) return failure('proxy', `${name} answers, and does not serve you`, `Take it with its code: parley proxy add, or remove it: parley device remove ${JSON.stringify(name)}`)
  return failure('proxy', `${name} does not answer: ${reason}`, addresses.length === 0
    ? 'No address of it is known: take it again with parley proxy add'
    : 'Start it, or open the way to it. If it is gone for good: parley proxy move … --lost')
}

/** Contacts: whether some machine of each can be reached by the addresses we have. */
export const checkContacts: Check = async patient => {
  const { parley, isOffline, signal, context: { io } } = patient
  const contacts: Array<{ did: Did, name: string }> = []
  for await (const { did, name, type } of parley.contacts.list()) if (type === 'person' || type === 'bot' || type === 'shared') contacts.push({ did, name })
  if (contacts.length === 0) return [ok('contacts', 'none yet')]
  if (isOffline) return [ok('contacts', `${contacts.length}, not asked`)]
  const findings: Finding[] = []
  const rest = contacts.slice(0, MAX_CONTACTS).values()
  const worker = async (): Promise<void> => {
    for (const { did, name } of rest) {
      io.signal.throwIfAborted()
      if (signal.aborted) return
      const finding = await reachOf(patient, did, name)
      // What was cut short says nothing of them.
      if (!signal.aborted || finding.standing === 'ok') findings.push(finding)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  if (contacts.length > findings.length) findings.push(ok('contacts', `${contacts.length - findings.length} more were not asked`))
  return findings
}

async function reachOf (patient: Patient, did: Did, name: string): Promise<Finding> {
  const { parley, context: { io } } = patient
  const machines = [...await devicesWith(parley.people, did, 'proxy', io.clock.now()), ...await devicesWith(parley.people, did, 'endpoint', io.clock.now())].filter(({ addresses }) => addresses.length > 0)
  const answers = await Promise.all(machines.map(async machine => ({ machine, answer: await ask(patient, machine, { person: did, who: name, timeoutMs: CONTACT_MS }) })))
  const card = await parley.people.card(did)
  return judgeContact(name, {
    answered: answers.filter(({ answer }) => 'card' in answer).map(({ machine }) => machine.name),
    reasons: answers.flatMap(({ answer }) => 'reason' in answer ? [answer.reason] : []),
    expired: card !== undefined && (await decodeContactCard(card)).expires <= io.clock.now()
  })
}

/** Judges how somebody can be reached: by the machines that answered, and why others did not. */
export function judgeContact (name: string, { answered, reasons, expired }: { answered: string[], reasons: string[], expired: boolean }): Finding {
  const [first] = answered
  if (first !== undefined) return ok('contact', `${name} can be reached at ${first === '' ? 'a machine of theirs' : first}`)
  const old = expired ? '; the card we have of them has expired' : ''
  const again = `Ask for a new card, then: parley contact add CARD --name ${JSON.stringify(name)}`
  if (reasons.length === 0) return warning('contact', `No address of ${name} is known${old}`, again)
  return warning('contact', `${name} cannot be reached: ${reasons.join('; ')}${old}`, `What you say to them is kept here and goes out later. ${again}, if their address changed`)
}

interface Silence {
  reason: string
  /** It answered that it has nothing to do with the person. */
  isRefusal: boolean
}

/** Asks a machine for the card of somebody it answers for, and sees by it how late it is there; says why there is none. */
async function ask ({ parley, signal, offsets, context: { io } }: Patient, machine: DeviceRoute, { person, who, timeoutMs }: { person: Did, who: string, timeoutMs: number }): Promise<{ card: ContactCard } | Silence> {
  try {
    const dialled = withTimeout(parley.fetchCard(machine, person, { signal }), `Asking ${who}`, timeoutMs, io.clock)
    const from = io.clock.now()
    const card = await dialled
    // The card was signed between the two.
    offsets.push({ who, offsetMs: Math.round(card.issued - (from + io.clock.now()) / 2) })
    return { card }
  } catch (error) {
    io.signal.throwIfAborted()
    return { reason: reasonOf(error as Error), isRefusal: (error as Error).name === 'CardUnavailableError' }
  }
}

function reasonOf (error: Error): string {
  if (error instanceof PeerUnreachableError) return error.attempts.length === 0 ? 'no address is known' : error.attempts.map(({ address, reason }) => `${address}: ${reason}`).join('; ')
  switch (error.name) {
    case 'UnsupportedProtocolError': return 'it runs something else, or another version'
    case 'CardUnavailableError': return 'it does not answer for them'
    case 'TimeoutError':
    case 'AbortError': return 'it did not answer in time'
    default: return error.message
  }
}
