import { contactUrl } from '@parley/identity'
import { expect } from 'chai'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fromString } from 'uint8arrays'
import { createWorld, type Person, type Said } from './command-world.ts'

interface Mine { fields: Record<string, { tier: string, value: unknown }> }
interface Theirs { name: string, fields: Record<string, unknown>, isStale: boolean, fetchedAt: string }

/** One transparent pixel. */
const PNG = fromString('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg', 'base64')

describe('the commands for profiles', function () {
  this.timeout(60_000)
  let world: Awaited<ReturnType<typeof createWorld>>
  let alice: Person
  let bob: Person
  const at = (name: string): string => join(world.folder, name)
  const done = async (...argv: string[]): Promise<Said> => {
    const said = await bob.say(argv)
    expect(said.code, said.err).to.equal(0)
    return said
  }
  const mine = async (): Promise<Mine['fields']> => (await done('profile', 'show', '--json')).json<Mine>().fields
  const theirs = async (...flags: string[]): Promise<Theirs> => (await alice.say(['profile', 'show', 'Bob', '--json', ...flags])).json()

  before(async () => {
    world = await createWorld()
    ;[alice, bob] = await Promise.all([world.person('Alice'), world.person('Bob')])
    await alice.parley.addContact(contactUrl(await bob.parley.card()))
  })

  after(async () => { await world.end() })

  it('say nothing before anything was said', async () => {
    expect((await done('profile', 'show')).out).to.include('parley profile set')
    expect((await alice.say(['profile', 'show', 'Bob'])).out).to.include('Bob tells nothing of themselves')
  })

  it('say each field for whom it is, and leave the others as they were', async () => {
    await done('profile', 'set', '--common-name', 'Bob', '--description', 'Climbs', '--tier', 'public')
    await writeFile(at('about.md'), '# Bob\r\n\r\nClimbs.\n')
    await done('profile', 'set', '--email', 'bob@example.org', 'b@example.org', '--phone', '+39 06 1234567', '--timezone', 'Europe/Rome',
      '--organisation', 'Example Ltd / Support / Lead', '--link', 'https://example.org/bob My page', '--did-web', 'did:web:bob.example', '--markdown', at('about.md'))
    const fields = await mine()
    expect(fields['commonName']).to.deep.equal({ tier: 'public', value: 'Bob' })
    expect(fields['emails']).to.deep.equal({ tier: 'contacts', value: ['bob@example.org', 'b@example.org'] })
    expect(fields['organisations']?.value).to.deep.equal([{ name: 'Example Ltd', team: 'Support', role: 'Lead' }])
    expect(fields).to.have.nested.property('links.value[0].name', 'My page')
    expect(fields['names']).to.deep.equal({ tier: 'public', value: ['did:web:bob.example'] })
    expect(fields['descriptionMarkdown']?.value).to.equal('# Bob\n\nClimbs.\n')
    await done('profile', 'set', '--description', 'Climbs higher')
    expect((await mine())['description'], 'the tier stays').to.deep.equal({ tier: 'public', value: 'Climbs higher' })
    expect((await done('profile', 'show')).out).to.match(/common-name +everybody +Bob\n/).and.match(/email +contacts +bob@example.org\n +b@example.org\n/)
  })

  it('say that somebody is away, and until when', async () => {
    await done('profile', 'set', '--status', 'out-of-office', '--until', '2031-05-20T09:00Z', '--message', 'On the mountain', '--tier', 'correspondents')
    expect((await mine())['status']).to.deep.equal({ tier: 'correspondents', value: { state: 'out-of-office', until: '2031-05-20T09:00:00.000Z', message: 'On the mountain' } })
    expect((await done('profile', 'show')).out).to.include('out of office until 2031-05-20').and.to.include(': On the mountain')
  })

  it('show a picture, without the key that opens it', async () => {
    await writeFile(at('me.png'), PNG)
    await done('profile', 'photo', at('me.png'))
    const photo = (await mine())['photo']
    expect(photo?.tier).to.equal('contacts')
    expect(photo?.value).to.include({ mediaType: 'image/png', width: 1, height: 1 }).and.not.to.have.property('key')
    await writeFile(at('big.png'), Buffer.concat([PNG, Buffer.alloc(300_000)]))
    expect((await bob.say(['profile', 'photo', at('big.png')])).err).to.include('the limit is 262144')
    expect((await bob.say(['profile', 'photo', at('about.md')])).code).to.equal(2)
  })

  it('tell others as much as is for them, with its age', async () => {
    const known = await theirs()
    expect(known.fields).to.include({ commonName: 'Bob', description: 'Climbs higher' }).and.not.to.have.any.keys('emails', 'photo', 'status')
    expect(known.isStale).to.equal(false)
    await bob.parley.addContact(contactUrl(await alice.parley.card()))
    await bob.parley.profiles.reseal()
    expect((await theirs()).fields, 'the copy is good still').not.to.have.property('emails')
    expect((await theirs('--refresh')).fields).to.have.property('phone', '+39 06 1234567')
    expect((await alice.say(['profile', 'show', 'Bob', '--offline'])).out).to.match(/email +bob@example.org/).and.include('(as of ')
    expect((await alice.say(['contact', 'show', 'Bob'])).out).to.include('Climbs higher')
  })

  it('take back what is not to be said any more', async () => {
    await done('profile', 'clear', 'phone', 'status', 'photo')
    expect(await mine()).to.not.have.any.keys('phone', 'status', 'photo')
    expect(await mine()).to.have.any.keys('emails')
  })

  it('keep the profile while the device is off', async () => {
    await bob.away()
    expect((await done('profile', 'set', '--full-name', 'Robert Example')).code).to.equal(0)
    expect((await mine())['fullName']).to.deep.equal({ tier: 'contacts', value: 'Robert Example' })
    await bob.back()
  })

  it('refuse what cannot be, before anything is changed', async () => {
    const before = await mine()
    const wrong: string[][] = [
      ['set'], ['set', '--email', 'no address'], ['set', '--timezone', 'Mars/Olympus'], ['set', '--tier', 'friends', '--phone', '12345'], ['set', '--link', 'http://example.org'],
      ['set', '--message', 'Away'], ['set', '--status', 'asleep'], ['set', '--status', 'dormant', '--until', '2031-01-01'], ['set', '--status', 'out-of-office', '--until', 'soon'],
      ['set', '--organisation', 'a / b / c / d'], ['clear', 'hat'], ['show', '--offline', '--refresh'], ['verify-name', 'did:web:bob.example']
    ]
    for (const argv of wrong) {
      const said = await bob.say(['profile', ...argv])
      expect(said.code, `${argv.join(' ')}: ${said.err}`).to.equal(2)
    }
    expect((await bob.say(['profile', 'verify-name', 'did:web:127.0.0.1', '--allow-web'])).code).to.equal(3)
    expect(await mine()).to.deep.equal(before)
  })
})
