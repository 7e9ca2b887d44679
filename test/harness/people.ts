import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parley, startParley, type ParleyProcess } from './parley-process.ts'

/** A person with a device folder and a proxy of their own in another. */
export interface TestPerson {
  name: string
  did: string
  /** The 24 words from which the person's key can be made again. */
  phrase: string
  /** Data folder of the device. */
  device: string
  /** Data folder of the proxy. */
  proxyFolder: string
  proxy: ParleyProcess
  contactUrl: string
  statusUrl: string
  /** Starts the proxy again in the same folder, after it was stopped or killed. */
  restartProxy(): Promise<void>
}

const LOOPBACK = ['--host', '127.0.0.1', '--no-qr']

/** A folder that is removed when the scenario is over. */
export async function scenarioFolder (): Promise<{ path: string, remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'parley-scenario-'))
  return { path, remove: async () => { await rm(path, { recursive: true, force: true, maxRetries: 5 }) } }
}

/** Makes an identity, starts a proxy that nobody owns, and lets the device take it. */
export async function createPerson (root: string, name: string, { proxyArgs = [] }: { proxyArgs?: string[] } = {}): Promise<TestPerson> {
  const device = join(root, `${name}-device`)
  const proxyFolder = join(root, `${name}-proxy`)
  const identity = await parley(['id', 'create', '--name', name, '--data', device])
  const start = (): ParleyProcess => startParley(['proxy', 'start', '--unclaimed', '--data', proxyFolder, ...LOOPBACK, ...proxyArgs])
  const proxy = start()
  const { claimUrl } = await proxy.event(event => event.event === 'ready' && event['claimUrl'] !== undefined)
  await parley(['proxy', 'add', String(claimUrl), '--data', device])
  const ready = await proxy.event(event => event.event === 'ready' && event['contactUrl'] !== undefined)
  const person: TestPerson = {
    name,
    did: String(identity['person']),
    phrase: String(identity['phrase']),
    device,
    proxyFolder,
    proxy,
    contactUrl: String(ready['contactUrl']),
    statusUrl: String(ready['statusUrl']),
    async restartProxy () {
      person.proxy = start()
      const again = await person.proxy.event('ready')
      person.statusUrl = String(again['statusUrl'])
    }
  }
  return person
}

/** Two people add each other by the cards that their proxies print. */
export async function introduce (one: TestPerson, other: TestPerson): Promise<void> {
  await Promise.all([
    parley(['contact', 'add', other.contactUrl, '--data', one.device]),
    parley(['contact', 'add', one.contactUrl, '--data', other.device])
  ])
}
