import { extname, resolve } from 'node:path'
import { conflictsOf, graphOf, graphSvg } from '@parley/conversations'
import type { CommandDefinition } from '../command.ts'
import { conversationId, nameOf } from '../conversation-id.ts'
import { UsageError } from '../errors.ts'
import { beginFile } from '../export-folder.ts'
import { graphPng } from '../graph-png.ts'
import { wholeNumber } from '../whole-number.ts'

const FORMATS = ['.svg', '.png']
const MAX_NODES = 2000

export const conversationGraph: CommandDefinition = {
  usage: 'conversation graph <id>',
  summary: 'draw who said what after what: a lane for each device, links, forks, conflicts, key epochs',
  options: [
    { flags: '--to <file>', description: 'an .svg or .png' },
    { flags: '--nodes <n>', description: 'draw more actions than this several to a node', default: '160' },
    { flags: '--force', description: 'replace a file that is there already' }
  ],
  examples: ['parley conversation graph bafy… --to dinner.svg', 'parley conversation graph bafy… --to dinner.png --nodes 400'],
  async action ({ io, output, withParley }, [text = ''], { to, nodes, force }) {
    const path = to === undefined ? undefined : resolve(io.cwd, to as string)
    const format = path === undefined ? '' : extname(path).toLowerCase()
    if (path === undefined || !FORMATS.includes(format)) throw new UsageError('Say a file to draw to, ending in .svg or .png: --to dinner.svg')
    const maxNodes = wholeNumber('--nodes', nodes, 10, MAX_NODES)
    await withParley(async parley => {
      const id = await conversationId(parley, text)
      const conversation = await parley.conversations.open(id)
      const state = await conversation.state({ signal: io.signal })
      const names = new Map<string, string>()
      for await (const { person } of conversation.actions({ signal: io.signal })) if (!names.has(person)) names.set(person, await nameOf(parley, person))
      const title = state.subject === undefined || state.subject === '' ? id.toString() : state.subject
      const graph = await graphOf(conversation.actions({ signal: io.signal }), { title, nameOf: did => names.get(did) ?? did, conflicts: conflictsOf(state), maxNodes })
      const svg = graphSvg(graph)
      const bytes = format === '.png' ? await graphPng(svg) : new TextEncoder().encode(svg)
      const file = await beginFile(path, { force: force === true })
      try {
        await file.target.write((async function * () { yield bytes })())
        await file.keep()
      } catch (error) {
        await file.discard()
        throw error
      }
      const told = { conversation: id.toString(), to: path, actions: graph.actions, nodes: graph.nodes.length, lanes: graph.lanes.length, forks: graph.nodes.filter(({ isFork }) => isFork).length, sizeBytes: bytes.byteLength }
      output.result(told, `Drew ${graph.actions} actions as ${graph.nodes.length} nodes: ${path}\n`)
    }, { offline: true })
    return undefined
  }
}
