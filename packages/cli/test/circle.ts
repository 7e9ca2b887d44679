import { contactUrl } from '@parley/identity'
import { expect } from 'chai'
import { createWorld, type Person, type Said, type SayOptions } from './command-world.ts'

/** People who know each other, and a shorter way to run `parley conversation …` for one of them. */
export interface Circle {
  folder: string
  people: Person[]
  /** Runs a command that has to succeed. */
  done(person: Person, argv: string[], options?: SayOptions): Promise<Said>
  /** Runs a command that has to fail, and returns what it says is wrong. */
  refused(person: Person, argv: string[], code: number): Promise<{ name: string, message: string, hint?: string }>
  end(): Promise<void>
}

/** Makes people whose devices are on line and who are contacts of each other. */
export async function createCircle (...names: string[]): Promise<Circle> {
  const world = await createWorld()
  const people = await Promise.all(names.map(async name => await world.person(name)))
  for (const one of people) for (const other of people) if (one !== other) await one.parley.addContact(contactUrl(await other.parley.card()))
  return {
    folder: world.folder,
    people,
    async done (person, argv, options) {
      const said = await person.say(argv, options)
      expect(said.code, `${argv.join(' ')}: ${said.err}${said.out}`).to.equal(0)
      return said
    },
    async refused (person, argv, code) {
      const said = await person.say([...argv, '--json'])
      expect(said.code, `${argv.join(' ')}: ${said.out}`).to.equal(code)
      return said.json<{ error: { name: string, message: string, hint?: string } }>().error
    },
    end: world.end
  }
}

/** What `conversation show --json` tells, as far as specs look. */
export interface Shown {
  id: string
  subject: string
  status: string
  expires: string | null
  subjectLock: { byName: string } | null
  participants: Array<{ did: string, name: string, permission: string, history: string }>
  former: Array<{ name: string, by: { name: string } }>
  labels: string[]
  messages: Array<{
    message: string, author: string, authorName: string, body: string | null, format: string, parent: string | null, part: { from: number, to: number } | null, version: string
    edited: { by: Array<{ name: string }> } | null, deleted: { byName: string } | null, lock: { byName: string } | null, reactions: Array<{ reaction: string, by: Array<{ name: string }> }>
    attachments: Array<{ attachment: string, name: string, mediaType: string, sizeBytes: number }>, conflicts: Array<{ kind: string, byName: string, value?: { body?: string } }>
  }>
  messageCount: number
  extras: Array<{ extra: string, kind: string, text: string, data: Record<string, unknown>, message: string | null, responses: Array<{ name: string, answer: unknown }>, counts: unknown }>
  calls: Array<{ outcome: string, participants: Array<{ name: string }> }>
  seen: Array<{ name: string, action: string | null }>
  own: { labels: string[], note: string | null, favourite: boolean, unread: boolean, muted: { until: string | null } | null, readTo: string | null, notices: boolean | null }
}

/** Shows a conversation, as soon as it is as expected: what others said comes by itself. */
export async function shown (person: Person, id: string, isAsExpected: (state: Shown) => boolean = () => true): Promise<Shown> {
  const giveUpAt = performance.now() + 10_000
  for (;;) {
    const said = await person.say(['conversation', 'show', id, '--json'])
    if (said.code === 0 && isAsExpected(said.json<Shown>())) return said.json<Shown>()
    if (performance.now() > giveUpAt) throw new RangeError(`not as expected: ${isAsExpected.toString()}\n${said.out}`)
    await new Promise(resolve => { setTimeout(resolve, 20) })
  }
}
