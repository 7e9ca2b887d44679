import { createSystemClock } from '@parley/core'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Parley } from 'parley'
import { createIdentity, openParley } from 'parley/node'
import { run, type Io } from '../src/index.ts'

/** What a command line printed, and its exit code. */
export interface Said { code: number, out: string, err: string, json<T>(): T, events<T>(): T[] }

export interface SayOptions {
  input?: string | Uint8Array
  /** Ends the command, as Ctrl-C does. */
  signal?: AbortSignal
  isTerminal?: boolean
  /** Told of everything that is printed. */
  heard?(said: Pick<Said, 'out' | 'err'>): void
}

/** Somebody with an identity in a folder of their own. */
export interface Person {
  name: string
  did: string
  /** The 24 words of the person's key. */
  phrase: string
  folder: string
  /** The device, while it is on line. */
  parley: Parley
  /** Runs a command line in the process that keeps the device on line. */
  say(argv: string[], options?: SayOptions): Promise<Said>
  /** Turns the device off; commands open it for themselves then. */
  away(): Promise<void>
  back(): Promise<void>
}

/** Makes people whose devices listen on loopback, and removes everything at the end. */
export async function createWorld (): Promise<{ folder: string, person(name: string): Promise<Person>, end(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-people-'))
  const people: Person[] = []
  return {
    folder,
    async person (name) {
      const person = await createPerson(join(folder, name), name)
      people.push(person)
      return person
    },
    async end () {
      for (const person of people) await person.away()
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    }
  }
}

async function createPerson (folder: string, name: string): Promise<Person> {
  const { person: did, phrase } = await createIdentity(folder, { name, deviceName: 'laptop' })
  const open = async (): Promise<Parley> => await openParley(folder, { listen: ['/ip4/127.0.0.1/tcp/0'], follow: true })
  let isOn = true
  const person: Person = {
    name,
    did,
    phrase,
    folder,
    parley: await open(),
    say: async (argv, options = {}) => await command([...argv, '--data', folder], options, isOn ? { root: folder, parley: person.parley } : undefined),
    async away () {
      if (!isOn) return
      isOn = false
      await person.parley.stop()
    },
    async back () {
      person.parley = await open()
      isOn = true
    }
  }
  return person
}

/** Runs one command line in this process. */
export async function command (argv: string[], { input = '', signal = new AbortController().signal, isTerminal = false, heard }: SayOptions = {}, owner?: Parameters<typeof run>[2]): Promise<Said> {
  const said = { out: '', err: '' }
  const io: Io = {
    cwd: tmpdir(),
    env: {},
    stdin: (async function * () { yield typeof input === 'string' ? new TextEncoder().encode(input) : input })(),
    stdinIsTerminal: isTerminal,
    stderrIsTerminal: isTerminal,
    columns: 80,
    clock: createSystemClock(),
    signal,
    out (text) {
      said.out += typeof text === 'string' ? text : Buffer.from(text).toString()
      heard?.(said)
    },
    err (text) {
      said.err += text
      heard?.(said)
    }
  }
  const code = await run(argv, io, owner)
  return {
    code,
    ...said,
    json: <T> () => JSON.parse(said.out) as T,
    events: <T> () => said.out.trim().split('\n').map(line => JSON.parse(line) as T)
  }
}
