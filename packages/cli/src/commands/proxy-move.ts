import type { MoveProgress } from 'parley'
import type { CommandDefinition } from '../command.ts'
import { EXIT } from '../io.ts'
import { table } from '../output.ts'
import { createProgressLine } from '../progress.ts'

const STEPS: Record<MoveProgress['step'], string> = {
  adding: 'Adding the new proxy',
  conversations: 'Bringing conversations',
  messages: 'Bringing spoken messages',
  settings: 'Bringing policy and profile',
  removing: 'Removing the old proxy',
  telling: 'Telling contacts'
}

export const proxyList: CommandDefinition = {
  usage: 'proxy list',
  summary: 'list your proxies: where they are, and whether they can be reached',
  examples: ['parley proxy list', 'parley proxy list --json'],
  async action ({ io, output, withParley }) {
    await withParley(async parley => {
      await parley.sync({ signal: io.signal })
      const proxies = await parley.proxies()
      output.result(proxies, proxies.length === 0
        ? 'None yet. Start one with parley proxy start --unclaimed, and take it with parley proxy add\n'
        : table(['NAME', 'STATE', 'ADDRESSES', 'DID'], proxies.map(({ name, state, reason, addresses, device }) => [name, reason === undefined ? state : `${state}: ${reason}`, addresses.join(' '), device])))
    })
    return undefined
  }
}

export const proxyMove: CommandDefinition = {
  usage: 'proxy move <old> <code>',
  summary: 'move to another proxy: the old one is given up when the new one has everything',
  options: [{ flags: '--lost', description: 'the old proxy is gone for good: bring what this device has' }],
  examples: ['parley proxy move attic parley:proxy/1/uqfa…', 'parley proxy move attic parley:proxy/1/uqfa… --lost'],
  async action ({ io, output, options, withParley }, [old = '', code = ''], { lost }) {
    const line = createProgressLine(io, { enabled: !output.json && options.quiet !== true })
    return await withParley(async parley => {
      const moved = await parley.moveProxy(old, code, {
        lost: lost === true,
        signal: io.signal,
        onProgress ({ step, done, total }) {
          if (output.json) output.event({ event: 'progress', step, done, total })
          else line.update(total <= 1 ? STEPS[step] : `${STEPS[step]}: ${done} of ${total}`)
        }
      }).finally(() => { line.end() })
      if (output.json) output.event({ event: 'moved', ...moved, unfound: moved.unfound.map(message => ({ ...message, conversation: message.conversation.toString() })) })
      else {
        output.result(moved, [
          `${moved.proxy.name} is your proxy now, with ${moved.conversations} conversations and ${moved.messages} spoken messages.`,
          ...moved.unfound.map(({ message, reason }) => `Message ${message} could not be found anywhere: ${reason}`),
          ...moved.untold.map(did => `${did} hears of the new address later`),
          ''
        ].join('\n'))
      }
      return moved.unfound.length === 0 ? EXIT.ok : EXIT.unreachable
    })
  }
}
