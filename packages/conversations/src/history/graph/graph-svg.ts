import { KINDS, type GraphKind } from './kinds.ts'
import type { GraphEdge, GraphNode, HistoryGraph } from './types.ts'

const ROW = 26
const LANE = 84
const LEFT = 150
const LABELS = 250
/** Where reasons are told beside actions. */
const LONG_LABELS = 470
const RADIUS = 6
const HEADER = 96
const LEGEND_ROW = 20
const FONT = 'DejaVu Sans, Verdana, sans-serif'
const FORK = '#d93636'
const CONFLICT = '#d98a00'

/** Presentation attributes are for light ground; a viewer in the dark is given the other ones. */
const DARK = '@media (prefers-color-scheme: dark){.ground{fill:#15181d}.band{fill:#1e232b}.ink{fill:#e8eaee}.faint{fill:#a3abb8}.rail{stroke:#39414d}.head{stroke:#8b95a5}.chain{stroke:#aab4c2}.hollow{fill:#15181d}}'

interface Canvas { width: number, height: number, top: number, labels: number, x(lane: number): number, y(row: number): number }

/**
 * Draws a graph as SVG: for a browser in light and dark, for people who hear
 * it read, and for programs that make pixels of it. Contains no message's words.
 */
export function graphSvg (graph: HistoryGraph): string {
  const { lanes, nodes, edges, bands, title } = graph
  const legend = legendOf(graph)
  const lanesWidth = Math.max(1, lanes.length) * LANE
  const labels = nodes.some(({ conflict }) => conflict !== undefined) ? LONG_LABELS : LABELS
  const width = Math.max(LEFT + lanesWidth + labels, 640)
  const legendRows = legendLines(legend, width - 48)
  const top = HEADER + legendRows.length * LEGEND_ROW + 34
  const canvas: Canvas = {
    width,
    labels,
    height: top + nodes.length * ROW + 24,
    top,
    x: lane => LEFT + lane * LANE + LANE / 2,
    y: row => top + row * ROW + ROW / 2
  }
  const people = new Set(lanes.map(({ person }) => person)).size
  const forks = nodes.filter(({ isFork }) => isFork).length
  const conflicts = nodes.filter(({ conflict }) => conflict !== undefined).length
  const summary = `${counted(graph.actions, 'action')} by ${counted(people, 'person', 'people')} on ${counted(lanes.length, 'device')}, ${counted(new Set(bands.map(({ epoch }) => epoch)).size, 'key epoch')}` +
    `${forks > 0 ? `, ${counted(forks, 'forked action')}` : ''}${conflicts > 0 ? `, ${conflicts.toLocaleString('en')} without effect or lost` : ''}`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${canvas.height}" viewBox="0 0 ${width} ${canvas.height}" role="img" aria-labelledby="title desc" font-family="${FONT}" font-size="12">`,
    `<title id="title">${escaped(title)}</title>`,
    `<desc id="desc">${escaped(`${summary}. Each lane is a device; time runs downwards; lines lead to what an action follows.`)}</desc>`,
    `<style>${DARK}</style>`,
    `<rect class="ground" width="100%" height="100%" fill="#ffffff"/>`,
    text(24, 36, shortened(title, Math.floor((width - 48) / 11)), { size: 18, weight: 'bold' }),
    text(24, 58, summary, { tone: 'faint' }),
    ...drawLegend(legendRows),
    ...bands.flatMap((band, index) => drawBand(canvas, band, index)),
    ...lanes.flatMap(({ name }, lane) => [
      `<line class="rail" x1="${canvas.x(lane)}" y1="${top}" x2="${canvas.x(lane)}" y2="${canvas.height - 20}" stroke="#dfe3e8" stroke-dasharray="1 4"/>`,
      text(canvas.x(lane), top - 10, shortened(name, 12), { anchor: 'middle', weight: 'bold' })
    ]),
    ...edges.map(edge => drawEdge(canvas, edge, nodes)),
    ...nodes.flatMap(node => drawNode(canvas, node, nodes[node.row - 1])),
    '</svg>',
    ''
  ].join('\n')
}

interface LegendEntry { title: string, mark: (x: number, y: number) => string }

function legendOf ({ nodes }: HistoryGraph): LegendEntry[] {
  const kinds = new Set(nodes.map(({ kind }) => kind))
  const entries: LegendEntry[] = (Object.keys(KINDS) as GraphKind[]).filter(kind => kinds.has(kind)).map(kind => ({ title: KINDS[kind].title, mark: (x, y) => dot(x, y, kind) }))
  if (nodes.some(({ count }) => count > 1)) entries.push({ title: 'several in one', mark: (x, y) => `<rect x="${x - 8}" y="${y - 5}" width="16" height="10" rx="5" fill="${KINDS.message.colour}"/>` })
  if (nodes.some(({ isFork }) => isFork)) entries.push({ title: 'fork: signed twice for one place', mark: (x, y) => ring(x, y, FORK) })
  if (nodes.some(({ conflict }) => conflict !== undefined)) entries.push({ title: 'without effect, or lost', mark: (x, y) => ring(x, y, CONFLICT, '3 2') })
  entries.push({ title: 'head: nothing follows', mark: (x, y) => dot(x, y, 'message') + headMark(x, y) })
  return entries
}

function legendLines (entries: LegendEntry[], width: number): Array<Array<LegendEntry & { x: number }>> {
  const lines: Array<Array<LegendEntry & { x: number }>> = [[]]
  let x = 0
  for (const entry of entries) {
    const needed = 30 + entry.title.length * 7.2 + 18
    if (x + needed > width && x > 0) {
      lines.push([])
      x = 0
    }
    lines.at(-1)?.push({ ...entry, x })
    x += needed
  }
  return lines
}

function drawLegend (lines: Array<Array<LegendEntry & { x: number }>>): string[] {
  return lines.flatMap((line, row) => line.flatMap(({ title, mark, x }) => {
    const y = 82 + row * LEGEND_ROW
    return [mark(32 + x, y), text(50 + x, y + 4, title, { tone: 'faint' })]
  }))
}

function drawBand ({ width, top }: Canvas, { epoch, from, to }: HistoryGraph['bands'][number], index: number): string[] {
  const y = top + from * ROW
  const height = (to - from + 1) * ROW
  return [
    `<rect class="${index % 2 === 0 ? 'band' : 'ground'}" x="0" y="${y}" width="${width}" height="${height}" fill="${index % 2 === 0 ? '#f3f6fa' : '#ffffff'}"/>`,
    text(width - 16, y + 17, `epoch ${epoch}`, { anchor: 'end', tone: 'faint', size: 10 })
  ]
}

/** Where lines meet a node: at its own lane, or at the nearest end of one that spans several. */
function anchor ({ x }: Canvas, node: GraphNode, towards: number): number {
  const [first = 0] = node.lanes
  const last = node.lanes.at(-1) ?? first
  return x(Math.min(Math.max(towards, first), last))
}

function drawEdge (canvas: Canvas, { from, to, kind }: GraphEdge, nodes: GraphNode[]): string {
  const [a, b] = [nodes[from], nodes[to]]
  if (a === undefined || b === undefined) return ''
  const x1 = anchor(canvas, a, b.lanes[0] ?? 0)
  const x2 = anchor(canvas, b, a.lanes[0] ?? 0)
  const [y1, y2] = [canvas.y(from), canvas.y(to)]
  const colour = kind === 'prev' ? ' class="chain" stroke="#5d6775" stroke-width="2"' : ' class="head" stroke="#a9b2bf" stroke-width="1.2"'
  if (x1 !== x2) {
    const bend = Math.min(ROW * 1.5, (y2 - y1) * 0.6)
    return `<path d="M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}" fill="none"${colour}/>`
  }
  const isBlocked = nodes.slice(from + 1, to).some(({ lanes }) => lanes.some(lane => canvas.x(lane) === x1))
  if (!isBlocked) return `<path d="M${x1} ${y1}V${y2}" fill="none"${colour}/>`
  // Past what lies between, so that a branch is seen to be one.
  const side = x1 + Math.min(30, 12 + (to - from) * 2)
  return `<path d="M${x1} ${y1}C${side} ${y1 + ROW} ${side} ${y2 - ROW} ${x2} ${y2}" fill="none"${colour}/>`
}

function drawNode (canvas: Canvas, node: GraphNode, before: GraphNode | undefined): string[] {
  const y = canvas.y(node.row)
  const [first = 0] = node.lanes
  const last = node.lanes.at(-1) ?? first
  const [x1, x2] = [canvas.x(first), canvas.x(last)]
  const about = [
    node.count === 1 ? node.label : `${node.label}, mostly ${KINDS[node.kind].title}`,
    ...node.isFork ? ['fork'] : [],
    ...node.conflict === undefined ? [] : [node.conflict]
  ].join(' · ')
  const label = canvas.width - canvas.labels + 12
  const shape = node.count > 1
    ? `<rect x="${x1 - 16}" y="${y - 7}" width="${x2 - x1 + 32}" height="14" rx="7" fill="${KINDS[node.kind].colour}"/>${text((x1 + x2) / 2, y + 4, node.count.toLocaleString('en'), { anchor: 'middle', size: 10, fill: '#ffffff' })}`
    : dot(x1, y, node.kind)
  const marks = (node.isHead ? headMark(x2, y, node.count > 1) : '') + (node.isFork ? ring((x1 + x2) / 2, y, FORK) : '') + (node.conflict === undefined ? '' : ring(x1, y, CONFLICT, '3 2'))
  return [
    `<g><title>${escaped(`${about} · ${moment(node.from)} · ${node.cid}`)}</title>${shape}${marks}</g>`,
    text(LEFT - 14, y + 4, timeOf(node.from, before?.from), { anchor: 'end', tone: 'faint', size: 11 }),
    text(label, y + 4, shortened(about, Math.floor((canvas.labels - 90) / 6.4)), { size: 11, ...node.isFork ? { fill: FORK } : {} })
  ]
}

function dot (x: number, y: number, kind: GraphKind): string {
  const { colour } = KINDS[kind]
  return kind === 'sealed'
    ? `<circle class="hollow" cx="${x}" cy="${y}" r="${RADIUS - 1}" fill="#ffffff" stroke="${colour}" stroke-width="2"/>`
    : `<circle cx="${x}" cy="${y}" r="${RADIUS}" fill="${colour}"/>`
}

function ring (x: number, y: number, colour: string, dashes?: string): string {
  return `<circle cx="${x}" cy="${y}" r="${RADIUS + 4}" fill="none" stroke="${colour}" stroke-width="2"${dashes === undefined ? '' : ` stroke-dasharray="${dashes}"`}/>`
}

/** A small bar below: nothing leads on from here. */
function headMark (x: number, y: number, isWide = false): string {
  const half = isWide ? 12 : 7
  return `<path d="M${x - half} ${y + 10}H${x + half}" class="chain" stroke="#5d6775" stroke-width="2.5" stroke-linecap="round"/>`
}

function text (x: number, y: number, words: string, { anchor: align = 'start', size = 12, weight, tone = 'ink', fill }: { anchor?: 'start' | 'middle' | 'end', size?: number, weight?: 'bold', tone?: 'ink' | 'faint', fill?: string } = {}): string {
  return `<text${fill === undefined ? ` class="${tone}"` : ''} x="${x}" y="${y}" text-anchor="${align}" font-size="${size}"${weight === undefined ? '' : ` font-weight="${weight}"`} fill="${fill ?? (tone === 'ink' ? '#1b2028' : '#5a6472')}">${escaped(words)}</text>`
}

function counted (count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`
}

function moment (wallMs: number): string {
  return new Date(wallMs).toISOString().slice(0, 19).replace('T', ' ')
}

/** The day where it is another one than in the row before, and the time. */
function timeOf (wallMs: number, before: number | undefined): string {
  const [day, time] = moment(wallMs).split(' ') as [string, string]
  return before !== undefined && moment(before).startsWith(day) ? time : `${day} ${time}`
}

function shortened (words: string, most: number): string {
  // A cut pair of surrogates is made whole again where text is escaped.
  return words.length <= most ? words : `${words.slice(0, most - 1)}…`
}

/** Text from others: nothing of it may be read as markup, and what XML cannot hold is left out. */
function escaped (words: string): string {
  return words.toWellFormed().replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
