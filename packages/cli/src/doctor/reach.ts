import { withTimeout } from '@parley/core'
import { coversDeviceList, decodeContactCard, rolesOf, type Did } from '@parley/identity'
import { devicesWith, type DeviceRoute } from 'parley'
import { failure, ok, warning, type Check, type Finding, type Patient } from './finding.ts'

/** How long each machine may take to answer. */
const ANSWER_MS = 5000
const MAX_CONTACTS = 50
const AT_ONCE = 8

/** Own proxies: whether each answers, serves us, and has the device list as it is. */
export const checkProxies: Check = async patient => {
  const { parley, isOffline, context: { io } } = patient
  const list = await parley.deviceList()
  const proxies = await devicesWith(parley.people, parley.person, 'proxy', io.clock.now())
  if (proxies.length === 0) return [warning('proxy', 'You have no proxy: nobody reaches you while this device is off', 'Run one with parley proxy start --unclaimed, and take it with parley proxy add')]
  if (isOffline) return [ok('proxy', `${proxies.length} on your device list, not asked`)]
  return await Promise.all(proxies.map(async proxy => {
    const answer = await ask(patient, proxy, parley.person)
    if ('reason' in answer) return failure('proxy', `${proxy.name} does not answer: ${answer.reason}`, addressesOf(proxy))
    const { list: theirs } = await decodeContactCard(answer.card)
    if (!rolesOf(theirs, proxy.device, io.clock.now()).includes('proxy')) return failure('proxy', `${proxy.name} shows a device list that does not name it as your proxy`, `Take it again: parley proxy add, or remove it: parley device remove ${JSON.stringify(proxy.name)}`)
    if (!coversDeviceList(theirs, list)) return warning('proxy', `${proxy.name} shows an older device list than this device has`, 'parley inbox brings it up to date; if it stays so, the proxy keeps something to itself')
    return ok('proxy', `${proxy.name} answers and serves you`)
  }))
}

/** Contacts: whether some machine of each can be reached by the addresses we have. */
export const checkContacts: Check = async patient => {
  const { parley, isOffline, context: { io } } = patient
  const contacts: Array<{ did: Did, name: string }> = []
  for await (const { did, name, type } of parley.contacts.list()) if (type === 'person' || type === 'bot' || type === 'shared') contacts.push({ did, name })
  if (contacts.length === 0) return [ok('contacts', 'none yet')]
  if (isOffline) return [ok('contacts', `${contacts.length}, not asked`)]
  const findings: Finding[] = []
  const rest = contacts.slice(0, MAX_CONTACTS).values()
  const worker = async (): Promise<void> => {
    for (const { did, name } of rest) {
      io.signal.throwIfAborted()
      findings.push(await reachOf(patient, did, name))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  if (contacts.length > MAX_CONTACTS) findings.push(ok('contacts', `${contacts.length - MAX_CONTACTS} more were not asked`))
  return findings
}

async function reachOf (patient: Patient, did: Did, name: string): Promise<Finding> {
  const { parley, context: { io } } = patient
  const machines = [...await devicesWith(parley.people, did, 'proxy', io.clock.now()), ...await devicesWith(parley.people, did, 'endpoint', io.clock.now())].filter(({ addresses }) => addresses.length > 0)
  if (machines.length === 0) return warning('contact', `No address of ${name} is known`, `Ask for a new card, then: parley contact add CARD --name ${JSON.stringify(name)}`)
  const reasons: string[] = []
  for (const machine of machines) {
    const answer = await ask(patient, machine, did)
    if (!('reason' in answer)) return ok('contact', `${name} can be reached at ${machine.name === '' ? 'a machine of theirs' : machine.name}`)
    reasons.push(answer.reason)
  }
  return warning('contact', `${name} cannot be reached: ${reasons.join('; ')}`, 'What you say to them is kept here and goes out later. If their address changed, ask for a new card')
}

/** Asks a machine for the card of somebody it answers for; says why there is none. */
async function ask ({ parley, context: { io } }: Patient, machine: DeviceRoute, person: Did): Promise<{ card: Uint8Array } | { reason: string }> {
  try {
    const { bytes } = await withTimeout(parley.fetchCard(machine, person, { signal: io.signal }), `Asking ${machine.name}`, ANSWER_MS, io.clock)
    return { card: bytes }
  } catch (error) {
    io.signal.throwIfAborted()
    return { reason: (error as Error).message }
  }
}

function addressesOf ({ addresses }: DeviceRoute): string {
  return addresses.length === 0 ? 'No address of it is known: take it again with parley proxy add' : `Start it, or open the way to it: ${addresses.join(', ')}`
}
