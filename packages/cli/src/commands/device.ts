import type { Parley } from 'parley'
import { openParley } from 'parley/node'
import type { CommandDefinition } from '../command.ts'
import { createLogger } from '../log.ts'
import { clockTime } from '../output.ts'
import { openOwnerSocket } from '../owner-socket.ts'
import { EXIT } from '../io.ts'
import { jsonEntry } from './inbox.ts'

export const deviceStart: CommandDefinition = {
  usage: 'device start',
  summary: 'keep this device on line: fetch, deliver and tell what happens until it is stopped',
  examples: ['parley device start', 'parley device start --listen /ip4/0.0.0.0/tcp/4017'],
  usesDevice: false,
  async action (context) {
    const { io, folder, output, options } = context
    const parley = await openParley(folder.root, {
      passphrase: await context.passphrase(),
      listen: options.listen ?? [],
      logger: createLogger(io, { verbose: options.verbose === true }),
      clock: io.clock,
      follow: true
    })
    // Imported here: `run` lists this command, and a cycle at load time would leave one of them undefined.
    const { run } = await import('../run.ts')
    const socket = await openOwnerSocket(folder.socket, async (argv, otherIo) => await run(argv, otherIo, { root: folder.root, parley }))
    try {
      tellEvents(context, parley)
      output.event({ event: 'ready', person: parley.person, device: parley.device }, 'This device is on line. Other parley commands in this folder work through it. Ctrl-C ends it.')
      await parley.sync({ signal: io.signal }).then(({ unreachable }) => {
        for (const { who, reason } of unreachable) output.event({ event: 'unreachable', who, reason }, `${who} could not be reached: ${reason}`)
      }, (error: unknown) => {
        if (!io.signal.aborted) throw error
      })
      const ended = await waitForEnd(parley, io.signal)
      if (ended === 'succeeded') {
        output.event({ event: 'succeeded', person: await parley.heir() ?? parley.person }, 'You have a new key, taken on another device of yours. Start this one again, and it goes over to it: parley device start')
        return EXIT.failed
      }
      if (ended === 'removed') {
        output.event({ event: 'removed', device: parley.device }, 'This device was removed from your devices and can do nothing more. Pair it again in an empty folder: parley device join')
        return EXIT.failed
      }
    } finally {
      await socket.close()
      await parley.stop()
    }
    return EXIT.ok
  }
}

/** Resolves when the device is to stop: because it was told to, another device of the person removed it, or the person has another key. */
async function waitForEnd (parley: Parley, signal: AbortSignal): Promise<'stopped' | 'removed' | 'succeeded'> {
  const outlaws = ({ devices }: { devices: Array<{ device: string, revoked?: number }> }): boolean => devices.some(({ device, revoked }) => device === parley.device && revoked !== undefined)
  if (outlaws(await parley.deviceList())) return 'removed'
  if (await parley.heir() !== undefined) return 'succeeded'
  return await new Promise(resolve => {
    parley.on('devices', ({ list }) => { if (outlaws(list)) resolve('removed') })
    parley.on('succeeded', () => { resolve('succeeded') })
    if (signal.aborted) resolve('stopped')
    else signal.addEventListener('abort', () => { resolve('stopped') }, { once: true })
  })
}

function tellEvents ({ output }: Parameters<CommandDefinition['action']>[0], parley: Parley): void {
  parley.on('moved', ({ from, to, name, mustVerify }) => {
    output.event({ event: 'moved', from, to, name, mustVerify }, `${name} has a new key, signed by the old one${mustVerify ? '. You had verified the old one: compare the new one too, with parley contact verify' : ''}`)
  })
  parley.on('message', entry => {
    const state = { recording: 'is speaking to you', complete: `left ${clockTime(entry.durationMs)}`, 'cut-off': `was cut off after ${clockTime(entry.durationMs)}` }[entry.state]
    output.event({ event: 'message', ...jsonEntry(entry) }, `${entry.fromName} ${state}: parley play ${entry.n}`)
  })
  parley.on('played', ({ conversation, message, by, byName, done }) => {
    output.event({ event: 'played', conversation: conversation.toString(), message, by, done }, `${byName} played your message${done ? '' : ' in part'}`)
  })
  parley.on('offer', ({ call, from, fromName }) => {
    output.event({ event: 'offer', call, from }, `${fromName} is calling`)
  })
  parley.on('request', ({ person, name, messages }) => {
    output.event({ event: 'request', person, name, messages }, `${name === '' ? person : name}, whom you do not know, left you something: parley request list`)
  })
  parley.on('proxy', ({ device, name, state, reason }) => {
    output.event({ event: 'proxy', device, state, reason }, `Proxy ${name}: ${state}${reason === undefined ? '' : ` (${reason})`}`)
  })
}
