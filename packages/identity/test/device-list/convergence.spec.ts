import { createDeviceList, createSigner, decodeDeviceList, deviceHistory, mergeDeviceLists, publicKeyFromDid, type DeviceKeys, type DeviceList, type Role, type Signer } from '@parley/identity'
import { expect } from 'chai'
import fc from 'fast-check'
import { equals } from 'uint8arrays'
import { extend, readChanges } from '../support/device-changes.ts'
import { T0, deviceKeys, recordOf, secret } from '../support/persons.ts'

/** The person and two admins each have a replica; the fourth is a friend's, which changes nothing. */
const REPLICAS = 4
const ROLES: Role[] = ['admin', 'endpoint', 'proxy']

type Step =
  | { kind: 'add', by: number, which: number, role: Role }
  | { kind: 'revoke' | 'renew', by: number, which: number }
  | { kind: 'name' | 'erase', by: number }
  | { kind: 'backdate', which: number, from: number, target: number }
  | { kind: 'give', from: number, to: number, stale: number }

const by = fc.nat(2)
const which = fc.nat(20)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('add' as const), by, which, role: fc.constantFrom(...ROLES) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('revoke' as const), by, which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('renew' as const), by, which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('name' as const, 'erase' as const), by }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('backdate' as const), which, from: fc.nat(), target: which }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('give' as const), from: fc.nat(REPLICAS - 1), to: fc.nat(REPLICAS - 1), stale: fc.nat(3) }) }
)

interface Stage { replicas: DeviceList[], past: DeviceList[], signers: Map<string, Signer>, keys: DeviceKeys[], clock: number }

/** What everybody thinks in the end, whatever was done, lost and withheld. */
async function play (steps: Step[], keys: DeviceKeys[]): Promise<Stage> {
  const person = await createSigner(secret(200))
  const [a, b] = keys
  if (a === undefined || b === undefined) throw new TypeError('keys were expected')
  const list = await createDeviceList(person, { name: 'Bob', devices: [recordOf(a, 'admin'), recordOf(b, 'admin')], issued: T0 })
  const signers = new Map([person, ...keys.map(({ signer }) => signer)].map(signer => [signer.did, signer]))
  const stage: Stage = { replicas: Array.from({ length: REPLICAS }, () => list), past: [list], signers, keys, clock: 0 }
  const authors = [person.did, a.did, b.did]
  for (const next of steps) await take(stage, next, authors)
  return stage
}

async function take (stage: Stage, step: Step, authors: string[]): Promise<void> {
  stage.clock++
  if (step.kind === 'give') {
    const given = stage.past.at(-1 - step.stale) ?? stage.replicas[step.from]
    learn(stage, step.to, step.stale === 0 ? stage.replicas[step.from] : given)
    return
  }
  // Who was once revoked keeps their old lists, and says what they like about the time.
  const list = step.kind === 'backdate' ? stage.past[step.from % stage.past.length] : stage.replicas[step.by]
  if (list === undefined) return
  const signer = stage.signers.get(step.kind === 'backdate' ? at(list.devices, step.which)?.device ?? '' : authors[step.by] ?? '')
  const change = changeOf(stage, list, step)
  if (signer === undefined || change === undefined) return
  try {
    const next = await extend(signer, list, change, step.kind === 'backdate' ? step.from % 5 : stage.clock)
    stage.past.push(next)
    if (step.kind !== 'backdate') learn(stage, step.by, next)
  } catch (error) {
    expect((error as Error).name).to.equal('InvalidArgumentError')
  }
}

function changeOf ({ keys, clock }: Stage, list: DeviceList, step: Exclude<Step, { kind: 'give' }>): Parameters<typeof extend>[2] | undefined {
  const device = 'which' in step ? at(list.devices, step.which) : undefined
  switch (step.kind) {
    case 'add': {
      const fresh = at(keys, step.which)
      return fresh === undefined ? undefined : { add: [recordOf(fresh, step.role, { added: T0 + clock, name: `made at ${clock}` })] }
    }
    case 'revoke': return device === undefined ? undefined : { revoke: [device.device] }
    case 'renew': return device === undefined ? undefined : { add: [{ ...device, name: `renewed at ${clock}` }] }
    case 'erase': return { erase: list.devices.filter(({ revoked, name }) => revoked !== undefined && name !== '').map(({ device }) => device) }
    case 'name': return { name: `Bob ${clock}` }
    case 'backdate': {
      const target = at(list.devices, step.target)
      return target === undefined ? undefined : { revoke: [target.device], name: 'Mallory' }
    }
  }
}

function learn (stage: Stage, replica: number, list: DeviceList | undefined): void {
  const known = stage.replicas[replica]
  if (known !== undefined && list !== undefined) stage.replicas[replica] = mergeDeviceLists(known, list)
}

function at<T> (values: T[], index: number): T | undefined {
  return values[index % Math.max(1, values.length)]
}

/** Says again, from the rule alone, what must hold of changes that count. */
function checkRule (list: DeviceList): void {
  const history = deviceHistory(list)
  const read = readChanges(list.bytes)
  expect(read).to.have.length(history.length)
  const changes = history.flatMap((entry, place) => read[place] === undefined ? [] : [{ ...read[place], ...entry }])
  const revocations = changes.filter(({ kind, counts }) => kind === 'revoke' && counts)
  for (const change of changes) {
    if (change.author === list.person) {
      if (change.kind !== 'put' && change.kind !== 'erase') expect(change.counts, 'a change of the person').to.equal(true)
      continue
    }
    const voided = revocations.some(({ device, past, cid }) => device === change.author && cid !== change.cid && !past.has(change.cid))
    // Two revocations that void one another: the order decides, and the checks of disputes look at that.
    if (change.kind !== 'revoke' && voided) expect(change.counts, `${change.kind} that a revocation had not seen`).to.equal(false)
    const admitted = changes.some(({ counts, body, cid }) => counts && change.past.has(cid) && namesAdmin(body, change.author))
    if (!admitted) expect(change.counts, 'a change of no admin').to.equal(false)
    const isPlain = change.kind === 'name' || change.kind === 'revoke'
    if (isPlain && admitted && !voided && change.why !== 'a revocation with precedence undid it' && !mayBeDemoted(changes, change.author)) expect(change.counts, `${change.kind} of an admin: ${change.why}`).to.equal(true)
  }
}

interface WireRecord { device: Uint8Array, roles: string[] }

function recordsIn (body: Record<string, unknown>): WireRecord[] {
  const begin = body['begin'] as { devices: WireRecord[] } | undefined
  const put = body['put'] as WireRecord | undefined
  return begin?.devices ?? (put === undefined ? [] : [put])
}

function namesAdmin (body: Record<string, unknown>, did: string): boolean {
  return recordsIn(body).some(({ device, roles }) => roles.includes('admin') && isKeyOf(did, device))
}

/** Tells whether a device was ever described as no admin, which ends its right for whoever saw that. */
function mayBeDemoted (changes: Array<{ body: Record<string, unknown> }>, did: string): boolean {
  return changes.some(({ body }) => recordsIn(body).some(({ device, roles }) => !roles.includes('admin') && isKeyOf(did, device)))
}

function isKeyOf (did: string, key: Uint8Array): boolean {
  return equals(publicKeyFromDid(did), key)
}

describe('replicas of one list, of which two admins, one revoked at times, and the person change three apart', function () {
  this.timeout(240_000)

  it('come to the same whatever order and part of it they hear first, 1,000 times over', async () => {
    const keys = await Promise.all(Array.from({ length: 7 }, async (_value, index) => await deviceKeys(210 + index)))
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 16 }), fc.array(fc.nat(), { minLength: 64, maxLength: 64 }), async (steps, dice) => {
      const { replicas, past } = await play(steps, keys)
      // Each hears everything that was ever said, in an order of its own.
      const ends = replicas.map((replica, number) => {
        const order = past.map((list, index) => ({ list, place: dice[(number * 17 + index) % dice.length] ?? 0 })).sort((a, b) => a.place - b.place)
        return order.reduce((known, { list }) => mergeDeviceLists(known, list), replica)
      })
      const [first, ...others] = ends
      if (first === undefined) return
      for (const other of others) expect(other).to.deep.equal(first)
      expect(await decodeDeviceList(first.bytes)).to.deep.equal(first)
      checkRule(first)
      // A list of before, come again, changes nothing.
      for (const old of past) expect(mergeDeviceLists(first, old).cid.toString()).to.equal(first.cid.toString())
    }), { numRuns: 1000 })
  })
})
