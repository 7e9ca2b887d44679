import { readFile } from 'node:fs/promises'
import type { NodeStatus } from '@parley/control-server'
import type { CommandContext, CommandDefinition } from '../command.ts'
import { ProxyNotRunningError } from '../errors.ts'
import { clockTime, table } from '../output.ts'
import { runProxy } from '../proxy-process.ts'

export const proxyStart: CommandDefinition = {
  usage: 'proxy start',
  summary: 'run the always-on node that keeps what is said to you while you are away',
  options: [
    { flags: '--name <name>', description: 'your name, when this makes your identity (default: that of your account)' },
    { flags: '--unclaimed', description: 'make no identity here: print a code with which a device elsewhere takes this proxy' },
    { flags: '--host <address>', description: 'IP address to listen on (default: all)' },
    { flags: '--status-port <port>', description: 'port of the status page on loopback (default: the last one, else any free one)' },
    { flags: '--announce <multiaddr...>', description: 'addresses to tell others, when they differ from those listened on' },
    { flags: '--grace <seconds>', description: 'how long a caller whose link broke may come back', default: '30' },
    { flags: '--keep-free <megabytes>', description: 'stop keeping when the disk has less room than this', default: '64' },
    { flags: '--no-qr', description: 'print the contact URL without its QR code' }
  ],
  examples: ['parley proxy start', 'parley proxy start --name Bob --data /srv/parley', 'parley proxy start --unclaimed --listen /ip4/0.0.0.0/tcp/4017 /ip4/0.0.0.0/tcp/4018/ws'],
  usesDevice: false,
  action: async (context, _args, options) => await runProxy(context, options)
}

export const proxyStatus: CommandDefinition = {
  usage: 'proxy status',
  summary: 'show how the proxy in the data folder is doing',
  examples: ['parley proxy status', 'parley proxy status --json'],
  usesDevice: false,
  async action (context) {
    const status = await fetchStatus(context)
    context.output.result(status, statusText(status))
    return undefined
  }
}

export const proxyAdd: CommandDefinition = {
  usage: 'proxy add <code>',
  summary: 'let a proxy act for you: the code is what it prints while it has no owner',
  examples: ['parley proxy add parley:proxy/1/uqfa…'],
  async action ({ io, output, withParley }, [code = '']) {
    await withParley(async parley => {
      const proxy = await parley.addProxy(code, { signal: io.signal })
      output.result(proxy, `${proxy.name} is your proxy now: ${proxy.device}\n`)
    })
    return undefined
  }
}

async function fetchStatus ({ folder }: CommandContext): Promise<NodeStatus> {
  const text = await readFile(folder.proxy.running, 'utf8').catch(() => undefined)
  if (text === undefined) throw new ProxyNotRunningError(folder.root)
  const { statusUrl } = JSON.parse(text) as { statusUrl: string }
  // A file left by a process that was killed points nowhere.
  const response = await fetch(new URL('/status.json', statusUrl)).catch(() => undefined)
  if (response?.ok !== true) throw new ProxyNotRunningError(folder.root)
  return await response.json() as NodeStatus
}

function statusText (status: NodeStatus): string {
  const lines = [
    `${status.name}${status.person === undefined ? '' : ` ${status.person}`}`,
    `Proxy      ${status.device}`,
    ...status.addresses.map(address => `Listens    ${address}`),
    `Peers      ${status.peers.length}`,
    `Messages   ${status.messages.held} held, ${status.messages.total} in all, ${status.conversations} conversations`,
    `Disk       ${(status.disk.usedBytes / 1e6).toFixed(1)} MB used, ${(status.disk.freeBytes / 1e9).toFixed(1)} GB free in ${status.disk.folder}`,
    ...status.warnings.map(warning => `Warning    ${warning}`)
  ]
  const captures = status.captures.length === 0
    ? ''
    : '\n' + table(['CAPTURING FROM', 'FOR', 'SEGMENTS', 'STATE'], status.captures.map(({ from, fromName, durationMs, segments, state }) => [fromName ?? from, clockTime(durationMs), String(segments), state]))
  return lines.join('\n') + '\n' + captures
}
