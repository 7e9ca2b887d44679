import { expect } from 'chai'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeOpus } from '@parley/media'
import { breakSeals } from './harness/break-seals.ts'
import { createSearch, readDisk, textNeedles, type DiskPiece, type Needle, type Search } from './harness/disk-search.ts'
import { localDevice, speech, type LocalDevice, type Speech } from './harness/in-process.ts'
import { killAll, startParley, type ParleyProcess } from './harness/parley-process.ts'
import { scenarioFolder } from './harness/people.ts'
import { pcm16 } from './harness/speech.ts'

const SUBJECT = 'The Nightingale Rehearsal of 1843'
const PRIVATE_NAME_OF_BOB = 'Bobolink-my-confidant'
const PRIVATE_NAME_OF_ALICE = 'Alizarin-from-the-choir'
/** A device list carries its person's display name, and cards carry device lists: these are public by design. */
const PUBLIC_NAMES = ['Alice-as-listed-4711', 'Bob-as-listed-4712']

interface Home { device: LocalDevice, proxy: ParleyProcess, proxyFolder: string, contactUrl: string }

describe('a proxy that has kept what was said', function () {
  this.timeout(180_000)
  let folder: Awaited<ReturnType<typeof scenarioFolder>>
  let alice: Home
  let bob: Home
  let needles: Needle[]
  let search: Search
  let messages = 0

  before(async () => {
    folder = await scenarioFolder()
    ;[alice, bob] = await Promise.all([home(folder.path, PUBLIC_NAMES[0] ?? ''), home(folder.path, PUBLIC_NAMES[1] ?? '')])
    await alice.device.parley.addContact(bob.contactUrl, { name: PRIVATE_NAME_OF_BOB })
    await bob.device.parley.addContact(alice.contactUrl, { name: PRIVATE_NAME_OF_ALICE })
    const [hello, answer] = [await speech(4000, 61), await speech(2500, 62)]

    const call = await alice.device.parley.call(PRIVATE_NAME_OF_BOB, hello.atOnce(), { subject: SUBJECT })
    expect(await call.ended).to.include({ status: 'stored', cutOff: false })
    await bob.device.parley.sync()
    const [entry] = await bob.device.parley.inbox()
    expect(entry).to.include({ fromName: PRIVATE_NAME_OF_ALICE, subject: SUBJECT, state: 'complete' })
    const peaks = await heard(bob.device, entry?.n ?? 0, hello)
    await bob.device.parley.markPlayed(entry?.n ?? 0, { positionMs: 4000, done: true })
    const reply = await bob.device.parley.reply(entry?.n ?? 0, answer.atOnce())
    expect((await reply.ended).status).to.equal('stored')
    messages = 2

    await Promise.all([alice, bob].map(async ({ device }) => { await device.stop() }))
    for (const { proxy } of [alice, bob]) expect(await proxy.stop()).to.equal(0)
    needles = [
      ...await needlesOf('the message', hello), ...await needlesOf('the answer', answer),
      { name: 'the waveform', bytes: peaks },
      ...textNeedles('the subject', SUBJECT), ...textNeedles('a private name', PRIVATE_NAME_OF_BOB), ...textNeedles('a private name', PRIVATE_NAME_OF_ALICE)
    ]
    search = createSearch(needles)
  })

  after(async () => {
    await killAll()
    await folder.remove()
  })

  for (const [whose, of] of [['the callee', () => bob], ['the caller', () => alice]] as const) {
    it(`of ${whose} has no word, name, sound or waveform of it on its disk`, async () => {
      const disk = await readDisk(of().proxyFolder, join(of().proxyFolder, 'proxy', 'store'))
      console.log(`      ${sum(disk)} bytes in ${disk.length} pieces searched for ${search.count} things`)
      expect(search(disk)).to.deep.equal([])
      // The exception that is meant: who it serves and who called says so on a public list.
      for (const name of PUBLIC_NAMES) expect(createSearch(textNeedles(name, name))(disk), `the list with ${name} is there`).not.to.deep.equal([])
    })

    it(`of ${whose} opens nothing with all the keys on its disk`, async () => {
      const disk = await readDisk(of().proxyFolder, join(of().proxyFolder, 'proxy', 'store'))
      const { sealed, keys, opened } = await breakSeals(disk, [join(of().proxyFolder, 'proxy', 'keys')])
      console.log(`      ${keys} keys tried on ${Object.entries(sealed).map(([kind, count]) => `${count} × ${kind}`).join(', ')}`)
      expect(sealed.segment, 'segments were found').to.be.at.least(3)
      expect(sealed.manifest, 'manifests were found').to.be.at.least(1)
      expect(sealed.action, 'actions were found').to.be.at.least(6)
      expect(sealed['key copy'], 'keys for the devices were found').to.be.at.least(2)
      expect(opened.map(({ kind, where }) => `${kind}: ${where}`)).to.deep.equal([])
    })
  }

  describe('the same search and the same attempt', () => {
    it('open everything with the keys of the callee’s device, and find it all', async () => {
      const disk = await readDisk(bob.device.folder, join(bob.device.folder, 'store'))
      const { sealed, opened } = await breakSeals(disk, [join(bob.device.folder, 'keys')])
      const count = (kind: string): number => opened.filter(thing => thing.kind === kind).length
      expect(count('segment')).to.equal(sealed.segment)
      expect(count('manifest')).to.equal(sealed.manifest).and.to.be.at.least(messages)
      expect(count('action')).to.equal(sealed.action)
      expect(count('key copy'), 'his own copies, not those of others').to.be.within(1, sealed['key copy'] - 1)
      const found = search([...disk, ...opened.map(({ where, plain }): DiskPiece => ({ where, bytes: plain }))]).map(({ name }) => name)
      expect(found).to.include.members(['the subject', 'a private name', 'the waveform', 'Opus of the message', 'Opus of the answer'])
    })

    it('open what the proxy keeps when the callee’s keys are put beside it', async () => {
      const disk = await readDisk(bob.proxyFolder, join(bob.proxyFolder, 'proxy', 'store'))
      const { opened } = await breakSeals(disk, [join(bob.proxyFolder, 'proxy', 'keys'), join(bob.device.folder, 'keys')])
      const found = search(opened.map(({ where, plain }) => ({ where, bytes: plain }))).map(({ name }) => name)
      expect(found).to.include.members(['the subject', 'the waveform', 'Opus of the message'])
    })

    it('find sound that lies about as PCM', async () => {
      const path = join(bob.proxyFolder, 'proxy', 'left-over.raw')
      const pcm = needles.find(({ name }) => name === 'PCM of the message, 16 bit')?.bytes ?? new Uint8Array(0)
      await writeFile(path, pcm.subarray(20_001, 20_041))
      const disk = await readDisk(bob.proxyFolder, join(bob.proxyFolder, 'proxy', 'store'))
      expect(search(disk)).to.deep.equal([{ name: 'PCM of the message, 16 bit', where: 'proxy/left-over.raw' }])
    })
  })
})

async function home (parent: string, name: string): Promise<Home> {
  const device = await localDevice(name, { parent })
  const proxyFolder = join(parent, `${name}-proxy`)
  const proxy = startParley(['proxy', 'start', '--unclaimed', '--host', '127.0.0.1', '--data', proxyFolder])
  const { claimUrl } = await proxy.event(event => event['claimUrl'] !== undefined)
  await device.parley.addProxy(String(claimUrl))
  const { contactUrl } = await proxy.event(event => event['contactUrl'] !== undefined)
  return { device, proxy, proxyFolder, contactUrl: String(contactUrl) }
}

/** Listens to all of a message, expects what was said, and returns its waveform. */
async function heard ({ parley }: LocalDevice, n: number, said: Speech): Promise<Uint8Array> {
  const [packets, peaks]: [Uint8Array[], Uint8Array[]] = [[], []]
  for await (const piece of parley.listen(n)) {
    packets.push(...piece.packets.map(({ data }) => data))
    peaks.push(piece.peaks)
  }
  expect(Buffer.concat(packets).equals(Buffer.concat(said.packets.map(({ data }) => data)))).to.equal(true)
  return new Uint8Array(Buffer.concat(peaks))
}

/** What was said as packets and as the PCM that a leak would leave: as it was spoken and as it is decoded. */
async function needlesOf (what: string, said: Speech): Promise<Needle[]> {
  const samples: number[] = []
  for await (const pcm of decodeOpus(said.atOnce())) samples.push(...pcm)
  const decoded = Float32Array.from(samples)
  return [
    ...said.packets.map(({ data }) => ({ name: `Opus of ${what}`, bytes: data })),
    { name: `PCM of ${what}, 16 bit`, bytes: new Uint8Array(pcm16(decoded)), step: 2 },
    { name: `PCM of ${what}, floating point`, bytes: new Uint8Array(decoded.buffer), step: 4 }
  ]
}

function sum (pieces: DiskPiece[]): number {
  return pieces.reduce((total, { bytes }) => total + bytes.length, 0)
}
