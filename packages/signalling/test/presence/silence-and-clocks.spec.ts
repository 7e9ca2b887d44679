import { createSeededRandom, createVirtualClock } from '@parley/core'
import { expect } from 'chai'
import { createPerson, type CastPerson } from '../cast.ts'
import { createSimulatedNetworks } from '../simulated-network.ts'
import { LIVE, createStage, peerOf, wrongClock, type Actor, type Stage } from './stage.ts'

describe('presence with wrong clocks, and with ends that fall silent', function () {
  this.timeout(60_000)
  let stage: Stage
  let alice: CastPerson
  let bob: CastPerson

  before(async () => {
    const now = createVirtualClock().now()
    alice = await createPerson(1, { phone: ['endpoint'] }, now)
    bob = await createPerson(2, { phone: ['endpoint'], proxy: ['proxy'] }, now)
  })
  beforeEach(() => {
    stage = createStage()
    stage.allowed.add(`${alice.did} ${bob.did}`)
  })
  afterEach(async () => { await stage.stop() })

  const proxyUp = async (): Promise<Actor> => await stage.up(bob, 'proxy', { serves: () => [bob.did] })
  const watching = async (more: Parameters<Stage['up']>[2] = {}): Promise<Actor> => {
    const actor = await stage.up(alice, 'phone', { knows: [bob], ...more })
    actor.presence.watch(bob.did)
    return actor
  }
  const reach = ({ presence }: Actor): string => presence.getReachability(bob.did).reach
  const rest = async (durationMs: number): Promise<void> => {
    const until = stage.clock.monotonicNow() + durationMs
    await stage.until(() => stage.clock.monotonicNow() >= until, { stepMs: 500 })
  }

  it('obeys a device whose clock is an hour wrong, and tells of it', async () => {
    const watcher = await watching()
    const proxy = await proxyUp()
    const phone = await stage.up(bob, 'phone', { clock: wrongClock(stage.clock, -3_600_000) })
    phone.presence.set(LIVE)
    await stage.until(() => reach(watcher) === 'live')
    await rest(400_000)
    expect(reach(watcher)).to.equal('live')
    for (const [who, by] of [[watcher, phone], [proxy, phone], [phone, proxy]] as const) {
      const [skew] = who.skews
      expect(skew?.device).to.equal(by.keys.did)
      expect(Math.abs(skew?.offsetMs ?? 0)).to.be.closeTo(3_600_000, 125_000)
    }
    expect(watcher.skews).to.have.length(1)
  })

  it('starts a new session when the device slept, or its clock was set', async () => {
    const watcher = await watching()
    await proxyUp()
    let offsetMs = 0
    const phone = await stage.up(bob, 'phone', { clock: { ...stage.clock, now: () => stage.clock.now() + offsetMs } })
    phone.presence.set(LIVE)
    await stage.until(() => reach(watcher) === 'live')
    offsetMs = -7_200_000
    await rest(400_000)
    expect(reach(watcher)).to.equal('live')
    expect(watcher.presence.refusals()).to.deep.equal({})
  })

  it('is gone within two and a half minutes when the other end falls silent without a word', async () => {
    const simulated = createSimulatedNetworks({ clock: stage.clock, random: createSeededRandom(3) })
    const join = (person: CastPerson, device: string): { network: Actor['network'] } => ({ network: simulated.join(peerOf(person, device)) })
    const watcher = await watching(join(alice, 'phone'))
    await stage.up(bob, 'proxy', { serves: () => [bob.did], ...join(bob, 'proxy') })
    const phone = await stage.up(bob, 'phone', join(bob, 'phone'))
    phone.presence.set(LIVE)
    await stage.until(() => reach(watcher) === 'live')
    await rest(100_000)
    const killedAt = stage.clock.monotonicNow()
    simulated.kill(peerOf(bob, 'phone'))
    await stage.until(() => reach(watcher) !== 'live', { stepMs: 500 })
    expect(reach(watcher)).to.equal('proxy-only')
    expect(stage.clock.monotonicNow() - killedAt).to.be.at.most(151_000)
    const silentAt = stage.clock.monotonicNow()
    simulated.kill(peerOf(bob, 'proxy'))
    await stage.until(() => reach(watcher) === 'unreachable', { stepMs: 500 })
    expect(stage.clock.monotonicNow() - silentAt).to.be.at.most(151_000)
  })
})
