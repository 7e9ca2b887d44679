import { expect } from 'chai'
import { join } from 'node:path'
import { syntheticSpeech } from '@parley/media'
import { openParley } from 'parley/node'
import { command } from './harness/command.ts'
import { speech } from './harness/in-process.ts'
import { createPerson, introduce, scenarioFolder, type TestPerson } from './harness/people.ts'
import { killAll, parley, startParley, type ParleyProcess } from './harness/parley-process.ts'
import { compareAudio, decodeFile } from './harness/speech.ts'

const CONVERSATIONS = 100
const ACTIONS = 10_000
const SPEECH_MS = 1000

interface Restored { person: string, name: string, contacts: number, conversations: number, actions: number, messages: number }

describe('somebody whose machines are all gone but their proxy', function () {
  this.timeout(300_000)
  let folder: Awaited<ReturnType<typeof scenarioFolder>>
  let alice: TestPerson
  let bob: TestPerson
  const at = (name: string): string => join(folder.path, name)

  before(async () => {
    folder = await scenarioFolder()
    ;[alice, bob] = await Promise.all([createPerson(folder.path, 'Alice'), createPerson(folder.path, 'Bob')])
    await introduce(alice, bob)
  })

  after(async () => {
    await killAll()
    await folder.remove()
  })

  it('gets identity, contacts, conversations and voice messages back from 24 words', async () => {
    expect(alice.phrase.split(' ')).to.have.length(24)
    const laptop = startParley(['device', 'start', '--data', alice.device, '--listen', '/ip4/127.0.0.1/tcp/0'])
    await laptop.event('ready')
    await pairPhone()
    const phone = startParley(['device', 'start', '--data', at('phone')])
    await phone.event('ready')

    const spoken = await speech(SPEECH_MS, 7)
    await bobTalks(spoken)
    await Promise.all([hasAll(laptop), hasAll(phone)])

    // Everything is turned off but Alice's proxy.
    await Promise.all([laptop.stop(), phone.stop(), bob.proxy.stop()])

    const empty = at('new-laptop')
    const restore = startParley(['id', 'restore', '--proxy', alice.contactUrl, '--device-name', 'New laptop', '--data', empty])
    restore.child.stdin.end(alice.phrase + '\n')
    const restored = await restore.event('restored') as unknown as Restored
    expect(await restore.exit, restore.stderr()).to.equal(0)
    expect(restored).to.include({ person: alice.did, name: 'Alice', contacts: 1, conversations: CONVERSATIONS, messages: CONVERSATIONS })
    expect(restored.actions).to.be.at.least(ACTIONS)
    const progress = restore.events.filter(({ event }) => event === 'progress')
    expect(progress.length, 'progress is shown').to.be.above(3)

    const me = await parley(['id', 'show', '--data', empty]) as unknown as { devices: Array<{ name: string, thisDevice: boolean }> }
    expect(me.devices.find(({ thisDevice }) => thisDevice)?.name).to.equal('New laptop')
    expect(me.devices.map(({ name }) => name)).to.include.members(['Phone'])
    const contacts = (await command(['contact', 'list', '--json', '--data', empty])).json<Array<{ name: string, did: string }>>()
    expect(contacts.map(({ name }) => name)).to.deep.equal(['Bob'])
    await readsEverything(empty)
    await parley(['play', '42', '--out', at('42.ogg'), '--data', empty])
    expect(compareAudio(await decodeFile(at('42.ogg')), syntheticSpeech({ durationMs: SPEECH_MS, seed: 7, sampleRateHz: 48_000 })).correlation).to.be.above(0.9)
  })

  /** Both screens show the same words, and both people say so. */
  async function pairPhone (): Promise<void> {
    const offering = startParley(['device', 'pair', '--data', alice.device])
    const { url } = await offering.event('code')
    const joining = startParley(['device', 'join', String(url), '--device-name', 'Phone', '--data', at('phone')])
    const [here, there] = await Promise.all([offering.event('compare'), joining.event('compare')])
    expect(here['digits']).to.equal(there['digits'])
    expect(here['words']).to.deep.equal(there['words'])
    for (const { child } of [offering, joining]) child.stdin.end('yes\n')
    expect(await joining.event('joined')).to.include({ person: alice.did })
    expect(await offering.event('paired')).to.include({ name: 'Phone' })
    expect(await offering.exit).to.equal(0)
    expect(await joining.exit).to.equal(0)
  }

  /** A hundred conversations with Alice, in each a spoken message and texts. */
  async function bobTalks (spoken: Awaited<ReturnType<typeof speech>>): Promise<void> {
    const device = await openParley(bob.device)
    try {
      for (let number = 0; number < CONVERSATIONS; number++) {
        const conversation = await device.conversations.create({ subject: `number ${number}`, participants: [alice.did] })
        const texts = Array.from({ length: ACTIONS / CONVERSATIONS - 4 }, (_none, index) => ({ verb: 'add' as const, thing: 'message' as const, body: `text ${index} of ${number}` }))
        await conversation.appendAll(texts.map((text, index) => ({ ...text, message: messageId(number, index) })))
        const call = await device.call(alice.did, spoken.atOnce(), { conversation: conversation.id, listenFirstMs: 0 })
        const { status, reason } = await call.ended
        expect(status, `call ${number}: ${reason ?? ''}`).to.equal('stored')
      }
      await device.sync()
    } finally {
      await device.stop()
    }
  }

  async function readsEverything (data: string): Promise<void> {
    const device = await openParley(data)
    try {
      let [conversations, actions] = [0, 0]
      for await (const id of device.conversations.ids()) {
        const conversation = await device.conversations.open(id)
        const state = await conversation.state()
        expect(state.unreadable, `${state.subject ?? ''} is readable`).to.equal(0)
        expect(state.messages.filter(({ body }) => body !== undefined)).to.have.length(ACTIONS / CONVERSATIONS - 4)
        for await (const _action of conversation.actions()) actions++
        conversations++
      }
      expect(conversations).to.equal(CONVERSATIONS)
      expect(actions).to.be.at.least(ACTIONS)
    } finally {
      await device.stop()
    }
  }
})

function messageId (conversation: number, index: number): Uint8Array<ArrayBuffer> {
  const id = new Uint8Array(16)
  new DataView(id.buffer).setUint32(0, conversation)
  new DataView(id.buffer).setUint32(4, index)
  return id
}

/** Waits until a device was told of every spoken message. */
async function hasAll (device: ParleyProcess): Promise<void> {
  const seen = new Set<unknown>()
  await device.event(event => {
    if (event.event === 'message' && event['state'] === 'complete') seen.add(event['message'])
    return seen.size === CONVERSATIONS
  })
}
