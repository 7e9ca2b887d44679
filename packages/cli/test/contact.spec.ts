import { createSeededRandom } from '@parley/core'
import { contactUrl, createSigner, decodeContactCard, extendDeviceList, seedOfPhrase, signSuccession, verificationUrl } from '@parley/identity'
import { expect } from 'chai'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createWorld, type Person, type Said } from './command-world.ts'
import { qrPicture } from './qr-picture.ts'

interface Shown { did: string, name: string, status: string, type: string, members: string[], labels: string[], note: string, verified?: { how: string, at: string } }
interface Report { error: { name: string, message: string, hint?: string } }

describe('the commands for contacts', function () {
  this.timeout(60_000)
  let world: Awaited<ReturnType<typeof createWorld>>
  let alice: Person
  let bob: Person
  let carol: Person
  const at = (name: string): string => join(world.folder, name)
  const say = async (...argv: string[]): Promise<Said> => await alice.say(argv)
  const done = async (...argv: string[]): Promise<Said> => {
    const said = await say(...argv)
    expect(said.code, said.err).to.equal(0)
    return said
  }
  const failed = async (code: number, name: string, ...argv: string[]): Promise<Report['error']> => {
    const said = await say(...argv, '--json')
    expect(said.json<Report>().error.name, said.out).to.equal(name)
    expect(said.code).to.equal(code)
    return said.json<Report>().error
  }
  const show = async (who: string): Promise<Shown> => (await done('contact', 'show', who, '--json')).json()
  const names = async (...filter: string[]): Promise<string[]> => (await done('contact', 'list', '--json', ...filter)).json<Shown[]>().map(({ name }) => name)

  before(async () => {
    world = await createWorld()
    ;[alice, bob, carol] = await Promise.all([world.person('Alice'), world.person('Bob'), world.person('Carol')])
  })

  after(async () => { await world.end() })

  describe('somebody is added', () => {
    it('by the URL of their card', async () => {
      const said = await done('contact', 'add', contactUrl(await bob.parley.card()), '--name', 'Bobby', '--expect', bob.did)
      expect(said.out).to.equal(`Added Bobby, ${bob.did}\n`)
      expect(await show('bobby')).to.deep.include({ did: bob.did, name: 'Bobby', cardName: 'Bob', status: 'active', type: 'person' })
    })

    it('by a file, by standard input, and by a file that another exported', async () => {
      const { bytes } = await carol.parley.card()
      await writeFile(at('carol.parley-card'), bytes)
      expect((await done('contact', 'add', at('carol.parley-card'), '--json')).json()).to.include({ did: carol.did, name: 'Carol' })
      expect((await alice.say(['contact', 'add', '-', '--json'], { input: bytes })).json()).to.include({ did: carol.did })
      expect((await alice.say(['contact', 'add', '-', '--json'], { input: contactUrl(await carol.parley.card()) })).json()).to.include({ did: carol.did })
      await done('contact', 'export', 'Carol', '--out', at('again.parley-card'))
      const card = await decodeContactCard(await readFile(at('again.parley-card')))
      expect(card.list.person).to.equal(carol.did)
      expect((await done('contact', 'export', 'Carol')).out.trim()).to.equal(contactUrl(card))
      expect((await done('contact', 'add', at('again.parley-card'), '--json')).json()).to.include({ did: carol.did })
    })

    it('by a picture of its QR code', async () => {
      await writeFile(at('carol.png'), qrPicture(contactUrl(await carol.parley.card()).toUpperCase()))
      expect((await done('contact', 'add', at('carol.png'), '--json')).json()).to.include({ did: carol.did })
    })

    it('by their DID, asked of whoever is said to know them', async () => {
      const dave = await world.person('Dave')
      const [route] = (await dave.parley.card()).routes
      const address = route?.addresses[0] ?? ''
      const from = address.includes('/p2p/') ? address : `${address}/p2p/nobody`
      expect((await failed(2, 'UsageError', 'contact', 'add', dave.did)).message).to.include('--from')
      expect((await done('contact', 'add', dave.did, '--from', from, '--json')).json()).to.include({ did: dave.did, name: 'Dave' })
      await failed(3, 'CardUnavailableError', 'contact', 'add', bob.did, '--from', from)
      await failed(2, 'InvalidArgumentError', 'contact', 'add', bob.did, '--from', '/ip4/127.0.0.1/tcp/1')
      await done('contact', 'delete', 'Dave', '--yes')
    })

    it('not when it is somebody else, nobody, or oneself', async () => {
      const url = contactUrl(await bob.parley.card())
      expect((await failed(1, 'WrongPersonError', 'contact', 'add', url, '--expect', carol.did)).hint).to.include('whose')
      await failed(2, 'InvalidUrlError', 'contact', 'add', 'hello')
      await failed(2, 'UsageError', 'contact', 'add', contactUrl(await alice.parley.card()))
      expect((await failed(1, 'FileError', 'contact', 'add', at('nothing.parley-card'))).message).to.include('nothing.parley-card')
      await writeFile(at('photo.jpg'), Uint8Array.of(0xff, 0xd8, 0xff, 0xe0))
      await failed(2, 'UnreadablePictureError', 'contact', 'add', at('photo.jpg'))
      await writeFile(at('none.parley-card'), 'no card')
      await failed(1, 'InvalidBytesError', 'contact', 'add', at('none.parley-card'))
    })
  })

  describe('somebody is known', () => {
    it('takes name, note, labels and type, and is found by them', async () => {
      await done('contact', 'edit', 'Bobby', '--name', 'Bob', '--note', 'Met in Rome', '--label', 'work', 'chess')
      await done('contact', 'edit', 'Bob', '--unlabel', 'chess', '--label', 'climbing')
      expect(await show('Bob')).to.deep.include({ name: 'Bob', note: 'Met in Rome', labels: ['climbing', 'work'] })
      expect(await names('--label', 'work')).to.deep.equal(['Bob'])
      expect(await names('--text', 'rome')).to.deep.equal(['Bob'])
      await done('contact', 'edit', 'Carol', '--type', 'bot')
      expect(await names('--type', 'bot')).to.deep.equal(['Carol'])
      await done('contact', 'edit', 'Carol', '--type', 'person')
      expect((await say('contact', 'list')).out).to.match(/Bob +did:key:\S+ +#climbing, #work\n/)
    })

    it('is shown with card, devices and how to verify them', async () => {
      const { out } = await done('contact', 'show', 'Bob')
      expect(out).to.include(bob.did).and.to.include('not verified').and.to.match(/laptop \(.*endpoint.*\)/).and.to.include('/ip4/127.0.0.1/tcp/').and.to.include('Met in Rome')
    })

    it('refuses what cannot be, in words', async () => {
      await failed(2, 'UsageError', 'contact', 'edit', 'Bob')
      await failed(2, 'UsageError', 'contact', 'edit', 'Bob', '--name', 'B'.repeat(200))
      await failed(2, 'UsageError', 'contact', 'edit', 'Bob', '--type', 'group')
      await failed(2, 'UsageError', 'contact', 'list', '--type', 'friend')
      expect((await failed(3, 'UnknownContactError', 'contact', 'show', 'Nobody')).hint).to.include('parley contact list')
    })
  })

  describe('keys are compared', () => {
    it('prints the same number to both, and marks whoever says that it is the same', async () => {
      await bob.say(['contact', 'add', contactUrl(await alice.parley.card())])
      const [here, there] = [await done('contact', 'verify', 'Bob', '--json'), await bob.say(['contact', 'verify', 'Alice', '--json'])]
      expect(here.json<{ groups: string[], words: string[] }>()).to.deep.include({ groups: there.json<{ groups: string[] }>().groups, words: there.json<{ words: string[] }>().words })
      expect((await done('contact', 'verify', 'Bob')).out).to.include(here.json<{ groups: string[] }>().groups.slice(0, 4).join(' ')).and.to.include('parley:verify/1/')
      expect(await show('Bob'), 'printing marks nobody').to.not.have.property('verified')
      expect((await done('contact', 'verify', 'Bob', '--yes')).out).to.include('verified by the safety number')
      expect((await show('Bob')).verified).to.include({ how: 'safety-number' })
      expect(await names('--verified')).to.deep.equal(['Bob'])
      await done('contact', 'unverify', 'Bob')
      expect(await names('--verified')).to.deep.equal([])
    })

    it('marks by what their screen shows, and refuses the screen of another', async () => {
      const { url } = (await bob.say(['contact', 'verify', 'Alice', '--json'])).json<{ url: string }>()
      await failed(1, 'WrongPersonError', 'contact', 'verify', 'Carol', '--scanned', url)
      await failed(1, 'OtherKeyError', 'contact', 'verify', 'Bob', '--scanned', verificationUrl({ person: bob.did, contact: carol.did }))
      expect(await names('--verified')).to.deep.equal([])
      await done('contact', 'verify', 'Bob', '--scanned', url.toUpperCase())
      expect((await show('Bob')).verified).to.include({ how: 'code' })
      await done('contact', 'unverify', 'Bob')
      await writeFile(at('screen.png'), qrPicture(url.toUpperCase()))
      await done('contact', 'verify', 'Bob', '--scanned', at('screen.png'))
      expect((await show('Bob')).verified).to.include({ how: 'code' })
    })
  })

  describe('several have one name', () => {
    it('is a group, with members who come and go', async () => {
      await done('group', 'create', 'Chess', '--member', 'Bob', '--note', 'Tuesdays')
      await done('group', 'add', 'Chess', 'Carol')
      expect((await done('group', 'list')).out).to.match(/Chess +group +(Bob, Carol|Carol, Bob)/)
      await done('group', 'remove', 'Chess', 'Bob')
      expect(await show('Chess')).to.deep.include({ type: 'group', members: [carol.did], note: 'Tuesdays' })
      await failed(2, 'UsageError', 'group', 'remove', 'Chess', 'Bob')
      await failed(2, 'UsageError', 'group', 'add', 'Bob', 'Carol')
    })

    it('never contains itself', async () => {
      await done('group', 'create', 'Clubs', '--member', 'Chess', '--team')
      expect((await failed(2, 'ContactCycleError', 'group', 'add', 'Chess', 'Clubs')).message).to.include('Chess').and.to.include('Clubs')
      await failed(2, 'ContactCycleError', 'group', 'add', 'Chess', 'Chess')
    })

    it('takes no name that is another\'s, and has no key to compare', async () => {
      expect((await failed(2, 'UsageError', 'group', 'create', 'bob')).message).to.include('already')
      await failed(2, 'UsageError', 'contact', 'verify', 'Chess')
      await failed(2, 'UsageError', 'contact', 'block', 'Chess')
    })

    it('gives somebody another name', async () => {
      await done('contact', 'alias', 'Buddy', 'Bob')
      expect([...await alice.parley.contacts.resolve('Buddy')]).to.deep.equal([bob.did])
      await done('contact', 'delete', 'Buddy', '--yes')
      for (const group of ['Clubs', 'Chess']) await done('group', 'delete', group, '--yes')
      expect(await names()).to.deep.equal(['Bob', 'Carol'])
    })
  })

  describe('somebody is shut out, removed or deleted', () => {
    it('blocks them, for the policy too, and lets them be again what they were', async () => {
      await done('contact', 'block', 'Carol')
      expect(await names()).to.deep.equal(['Bob'])
      expect(await names('--blocked')).to.deep.equal(['Carol'])
      const policy = (await done('policy', 'show', '--json')).json<{ blocked: Array<{ did: string }> }>()
      expect(policy.blocked.map(({ did }) => did)).to.deep.equal([carol.did])
      expect((await done('contact', 'unblock', 'Carol')).out).to.include('a contact')
      await failed(3, 'UnknownContactError', 'contact', 'unblock', 'Carol')
    })

    it('blocks somebody who never was a contact', async () => {
      const { did } = await createSigner(createSeededRandom(3)(32))
      await done('contact', 'block', did)
      expect((await done('contact', 'unblock', did)).out).to.include('no contact')
      await failed(2, 'InvalidDidError', 'contact', 'block', 'did:web:example.org')
      await done('contact', 'delete', did, '--yes')
    })

    it('removes and takes back', async () => {
      await done('contact', 'remove', 'Carol')
      expect(await names()).to.deep.equal(['Bob'])
      expect(await names('--all')).to.deep.equal(['Bob', 'Carol'])
      await done('contact', 'restore', 'Carol')
      expect(await names()).to.deep.equal(['Bob', 'Carol'])
    })

    it('deletes only when somebody says yes', async () => {
      await failed(2, 'UsageError', 'contact', 'delete', 'Carol')
      expect((await alice.say(['contact', 'delete', 'Carol'], { input: 'no\n' })).code).to.equal(2)
      expect(await names()).to.deep.equal(['Bob', 'Carol'])
      expect((await alice.say(['contact', 'delete', 'Carol'], { input: 'yes\n' })).out).to.equal('Deleted Carol\n')
      expect(await names('--all')).to.deep.equal(['Bob'])
    })

    it('goes along to a new DID only when their device list names one', async () => {
      expect((await failed(3, 'NoSuccessorError', 'contact', 'follow', 'Bob')).hint).to.include('new card')
      const [key, next] = [await createSigner(seedOfPhrase(bob.phrase)), await createSigner(createSeededRandom(4)(32))]
      const at = Date.now()
      const moved = await extendDeviceList(key, await bob.parley.deviceList(), { successor: await signSuccession(next, { from: bob.did, at }) }, { at })
      await alice.parley.people.learnList(moved.bytes)
      expect((await done('contact', 'show', 'Bob')).out).to.include(`Moved        to ${next.did}`)
      const said = await done('contact', 'follow', 'Bob')
      expect(said.out, 'the old key had been verified').to.include(next.did).and.to.include('Compare again')
      expect(await show('Bob')).to.deep.include({ did: next.did, successorOf: bob.did, note: 'Met in Rome' })
    })
  })

  describe('nothing keeps the device on line', () => {
    it('opens it for one command, and keeps what was changed', async () => {
      await alice.away()
      expect((await done('contact', 'edit', 'Bob', '--note', 'Also in Oslo')).out).to.equal('Changed Bob\n')
      expect(await show('Bob')).to.deep.include({ note: 'Also in Oslo' })
      await alice.back()
    })
  })
})
