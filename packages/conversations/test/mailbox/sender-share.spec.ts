import { createMemoryNetworks } from '@parley/compliance-tests'
import { createSeededRandom, silentLogger } from '@parley/core'
import { createPeople } from '@parley/identity'
import { createMemoryStore } from '@parley/network'
import { expect } from 'chai'
import { createMailbox } from '../../src/mailbox/index.ts'
import { createWorld, nameOfRejection } from '../log/world.ts'

describe('a mailbox into which several senders put', () => {
  it('keeps room for others when one has used up their share, also after a restart, and takes nothing of whom it does not admit', async () => {
    const { clock, somebody } = createWorld()
    const [bob, proxy] = [await somebody('Bob'), await somebody('Proxy')]
    const networks = createMemoryNetworks()
    const store = createMemoryStore()
    const people = createPeople({ store, logger: silentLogger })
    await people.learnList(bob.list.bytes)
    const network = await networks.join(proxy.device.seed)
    const open = async () => await createMailbox({ network, store, people, clock, random: createSeededRandom(3), logger: silentLogger }, { serves: () => [bob.did], maxItemsPerSender: 2, admits: (_person, from) => from !== 'did:eve' })
    let mailbox = await open()
    const put = async (from: string): Promise<number> => {
      const changes = await mailbox.put(bob.did, { kind: 'message', payload: new Uint8Array(1), from })
      await store.commit(changes, { durable: true })
      await mailbox.announce(bob.did)
      return changes.length
    }
    await put('did:carol')
    // Reserved and not committed yet counts too.
    await mailbox.put(bob.did, { kind: 'message', payload: new Uint8Array(1), from: 'did:carol' })
    expect(await nameOfRejection(put('did:carol'))).to.equal('MailboxFullError')
    await mailbox.stop()
    mailbox = await open()
    await put('did:carol')
    expect(await nameOfRejection(put('did:carol'))).to.equal('MailboxFullError')
    expect(await put('did:dave')).to.be.greaterThan(0)
    expect(await put('did:eve')).to.equal(0)
    expect((await mailbox.held(bob.did)).items).to.equal(3)
    await mailbox.stop()
    await networks.stop()
  })
})
