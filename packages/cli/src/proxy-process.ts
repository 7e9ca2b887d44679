import { rename, rm, statfs, writeFile } from 'node:fs/promises'
import { contactUrl, qrSvg, qrTerminal } from '@parley/identity'
import { createStatusServer, type NodeStatus, type StatusServer } from '@parley/control-server'
import { createIdentity, openParley, readIdentity } from 'parley/node'
import { openProxyNode, type ProxyNode } from '@parley/proxy/node'
import type { CommandContext } from './command.ts'
import { accountName, makeDataFolder } from './data-folder.ts'
import { EXIT } from './io.ts'
import { createLogger } from './log.ts'
import { listenAddresses, readSettings, writeSettings } from './proxy-settings.ts'
import { version } from './version.ts'
import { wholeNumber } from './whole-number.ts'
import { UsageError } from './errors.ts'
import { phraseText } from './phrase-text.ts'
import { runInOwner } from './attach.ts'
import { folderBytes } from './folder-size.ts'

/** Runs a proxy until it is asked to stop. */
export async function runProxy (context: CommandContext, options: Record<string, unknown>): Promise<number> {
  const { io, folder, output } = context
  const startedAt = io.clock.now()
  await makeDataFolder(folder.proxy.root)
  const settings = await readSettings(folder.proxy.settings)
  const logger = createLogger(io, { verbose: context.options.verbose === true })
  const node = await openProxyNode(folder.proxy.root, {
    passphrase: await context.passphrase(),
    listen: await listenAddresses(context.options.listen, options['host'] as string | undefined, settings),
    announce: options['announce'] as string[] | undefined,
    graceMs: 1000 * wholeNumber('--grace', options['grace'], 1, 3600),
    minFreeBytes: 1e6 * wholeNumber('--keep-free', options['keepFree'], 0, 1e6),
    logger
  })
  let server: StatusServer | undefined
  try {
    if (options['unclaimed'] !== true && node.proxy.served().length === 0) await takeByOwnDevice(context, node, options['name'] as string | undefined)
    server = await createStatusServer({ status: { snapshot: async () => await snapshot(node, folder.proxy.root, startedAt), ready: async () => await readiness(node) }, logger }, {
      port: options['statusPort'] === undefined ? settings.statusPort ?? 0 : wholeNumber('--status-port', options['statusPort'], 0, 65535)
    })
    await writeSettings(folder.proxy.settings, { listen: node.network.addresses(), statusUrl: server.url })
    await writeRunning(folder.proxy.running, { pid: process.pid, statusUrl: server.url })
    await announce(context, node, server.url, options['qr'] !== false)
    node.proxy.on('served', () => { void announce(context, node, server?.url ?? '', options['qr'] !== false) })
    node.proxy.on('call', call => {
      output.event({ event: 'call', ...call, conversation: call.conversation?.toString() }, `Call from ${call.fromName ?? call.from}: ${call.status}`)
    })
    await new Promise<void>(resolve => {
      if (io.signal.aborted) resolve()
      else io.signal.addEventListener('abort', () => { resolve() }, { once: true })
    })
  } finally {
    await server?.stop()
    await node.stop()
    await rm(folder.proxy.running, { force: true })
  }
  return EXIT.ok
}

/** Makes the person's identity in the data folder where there is none, and lets their device take this proxy. */
async function takeByOwnDevice (context: CommandContext, node: ProxyNode, name: string | undefined): Promise<void> {
  const { io, folder, output } = context
  const passphrase = await context.passphrase()
  const known = await readIdentity(folder.root, { passphrase }).catch((error: unknown) => {
    if ((error as Error).name === 'NoIdentityError') return undefined
    throw error
  })
  if (known === undefined) {
    const identity = await createIdentity(folder.root, { name: name ?? accountName(), passphrase })
    output.event({ event: 'identity', ...identity }, `Made a new identity: ${identity.name}, ${identity.person}\n\n${phraseText(identity.phrase)}`)
  } else if (name !== undefined && name !== known.list.name) {
    throw new UsageError(`This folder's identity is ${known.list.name}; --name only names a new one`)
  }
  const claim = await node.proxy.claim()
  const code = await runInOwner(folder.socket, ['proxy', 'add', claim, '--data', folder.root, '--quiet'], { ...io, out () {} })
  if (code === EXIT.ok) return
  const parley = await openParley(folder.root, { passphrase })
  try {
    await parley.addProxy(claim, { signal: io.signal })
  } finally {
    await parley.stop()
  }
}

async function announce ({ io, folder, output }: CommandContext, node: ProxyNode, statusUrl: string, withQr: boolean): Promise<void> {
  const [person] = node.proxy.served()
  const addresses = node.network.addresses()
  if (person === undefined) {
    const claimUrl = await node.proxy.claim()
    output.event({ event: 'ready', device: node.proxy.device, addresses, claimUrl, statusUrl, data: folder.root })
    if (!output.json) io.out(`This proxy serves nobody yet. On your device, run:\n\n  parley proxy add ${claimUrl}\n\nAddresses\n${lines(addresses)}Data      ${folder.root}\nStatus    ${statusUrl}\n`)
    return
  }
  const card = await node.proxy.card(person)
  const url = contactUrl(card)
  output.event({ event: 'ready', person, name: card.list.name, device: node.proxy.device, addresses, contactUrl: url, statusUrl, data: folder.root })
  if (output.json) return
  io.out(`${withQr ? `${qrTerminal(url.toUpperCase())}\n` : ''}${card.list.name} can be called now, at home or not. Give this to others, as text or as the picture above:\n\n  ${url}\n\nDID       ${person}\nProxy     ${node.proxy.device}\nAddresses\n${lines(addresses)}Data      ${folder.root}\nStatus    ${statusUrl}\n\nCtrl-C ends it.\n`)
}

function lines (addresses: string[]): string {
  return addresses.map(address => `          ${address}\n`).join('')
}

async function snapshot (node: ProxyNode, root: string, startedAt: number): Promise<NodeStatus> {
  const status = await node.proxy.status()
  const [first] = status.serves
  const url = first === undefined ? undefined : contactUrl(await node.proxy.card(first.did))
  const disk = await statfs(root)
  return {
    name: first?.name ?? status.name,
    ...(first === undefined ? {} : { person: first.did }),
    device: status.device,
    version,
    startedAt,
    addresses: status.addresses,
    ...(url === undefined ? {} : { contactUrl: url, contactQrSvg: qrSvg(url.toUpperCase()) }),
    ...(status.claimUrl === undefined ? {} : { claimUrl: status.claimUrl }),
    peers: status.peers,
    captures: status.captures,
    messages: status.messages,
    conversations: status.conversations,
    disk: { folder: root, usedBytes: await folderBytes(root), freeBytes: disk.bavail * disk.bsize },
    warnings: status.warnings
  }
}

async function readiness (node: ProxyNode): Promise<{ ready: boolean, reasons: string[] }> {
  const { warnings, serves } = await node.proxy.status()
  const reasons = serves.length === 0 ? ['this proxy serves nobody yet', ...warnings] : warnings
  return { ready: reasons.length === 0, reasons }
}

/** Other commands find the running proxy by this file; it takes its name only when it is whole. */
async function writeRunning (path: string, running: { pid: number, statusUrl: string }): Promise<void> {
  await writeFile(`${path}.part`, JSON.stringify(running), { mode: 0o600 })
  await rename(`${path}.part`, path)
}
