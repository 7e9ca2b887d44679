import { createSeededRandom, createVirtualClock, silentLogger, type Change, type Store } from '@parley/core'
import { createConversations, createFiles, type Conversations, type Files } from '@parley/conversations'
import { createDeviceKeys, createDeviceList, createPeople, createSigner } from '@parley/identity'
import { createMemoryStore } from '@parley/network'
import { expect } from 'chai'
import { createAttachFile, type AttachFile } from '../../src/attachments/attach-file.ts'
import { createAttachRecords, type AttachRecords } from '../../src/attachments/attach-records.ts'

/** A disk whose process dies just before or just behind one of its writes. */
function mortal (inner: Store): { store: Store, dieAt(write: number, when: 'before' | 'behind'): void, writes(): number } {
  let [writes, isDead] = [0, false]
  let plan: { write: number, when: 'before' | 'behind' } | undefined
  const alive = (): void => { if (isDead) throw new RangeError('the process is dead') }
  return {
    dieAt (write, when) { plan = { write: writes + write, when } },
    writes: () => writes,
    store: {
      ...inner,
      async commit (changes: Change[], options) {
        alive()
        const isLast = writes++ === plan?.write
        if (isLast && plan?.when === 'before') isDead = true
        alive()
        await inner.commit(changes, options)
        if (isLast) isDead = true
        alive()
      },
      async get (key, options) {
        alive()
        return await inner.get(key, options)
      }
    }
  }
}

interface Process { conversations: Conversations, files: Files, records: AttachRecords, attaching: AttachFile }

describe('a device that dies while a file is attached', function () {
  this.timeout(20_000)
  const clock = createVirtualClock()

  const start = async (store: Store, keys: Awaited<ReturnType<typeof createDeviceKeys>>, person: string, seed: number): Promise<Process> => {
    const random = createSeededRandom(seed)
    const conversations = await createConversations({ store, people: createPeople({ store, logger: silentLogger }), clock, random, logger: silentLogger, device: keys, person })
    const files = createFiles({ store, clock, random, logger: silentLogger })
    const records = createAttachRecords({ store })
    return { conversations, files, records, attaching: createAttachFile({ conversations, files, records, clock, random, logger: silentLogger }) }
  }

  /** Attaches a file with a process that dies at a write, and returns what the next one finds; `died` is false when there was no such write. */
  const scene = async (write: number, when: 'before' | 'behind'): Promise<{ died: boolean, announced: number, due: number, held: number, adds: string[], attaching: number }> => {
    const inner = createMemoryStore()
    const signer = await createSigner(new Uint8Array(32).fill(1))
    const keys = await createDeviceKeys({ seed: new Uint8Array(32).fill(2), sealingSecret: new Uint8Array(32).fill(3) })
    const list = await createDeviceList(signer, { name: 'Alice', issued: clock.now(), devices: [{ device: keys.did, sealing: keys.sealing.publicKey, name: 'laptop', platform: 'test', roles: ['endpoint', 'admin'], capabilities: [], added: clock.now() }] })
    await createPeople({ store: inner, logger: silentLogger }).learnList(list.bytes)
    const disk = mortal(inner)
    const first = await start(disk.store, keys, signer.did, 1)
    const { id } = await first.conversations.create({ subject: 'Plans', participants: [] }, { durable: true })
    disk.dieAt(write, when)
    const died = await first.attaching.attach(id, [new Uint8Array(100_000)], { name: 'a.bin', body: 'here' }).then(() => false, () => true)

    const next = await start(inner, keys, signer.did, 2)
    await next.attaching.recover()
    await next.attaching.recover()
    const { messages } = await (await next.conversations.open(id)).state()
    const found = { died, announced: messages.reduce((sum, { attachments }) => sum + attachments.length, 0), due: 0, held: 0, adds: [] as string[], attaching: 0 }
    expect(messages.length).to.equal(found.announced)
    for await (const _due of next.records.due()) found.due++
    for await (const _held of next.files.allHeld()) found.held++
    for await (const { state } of next.files.unannounced()) found.adds.push(state)
    for await (const _attaching of next.records.allAttaching()) found.attaching++
    return found
  }

  for (const when of ['before', 'behind'] as const) {
    it(`has announced it once, or not at all, when it dies just ${when} any write`, async () => {
      let deaths = 0
      for (let write = 0; ; write++) {
        const { died, announced, due, held, adds, attaching } = await scene(write, when)
        expect(announced, `write ${write}`).to.be.within(0, 1)
        // What is announced is kept, and owed to others; what is not is neither, unless it was cut off in its adding.
        expect({ due, held, attaching }, `write ${write}`).to.deep.equal({ due: announced, held: announced, attaching: 0 })
        expect(adds.filter(state => state === 'added'), `write ${write}`).to.deep.equal([])
        if (!died) deaths++
        if (!died && deaths > 3) {
          expect(write).to.be.at.least(5)
          return
        }
      }
    })
  }
})
