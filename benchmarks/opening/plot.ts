/** One curve: how long (milliseconds) for how many actions. */
export interface Curve { name: string, colour: string, points: Array<{ actions: number, wallMs: number }> }

const WIDTH = 640
const HEIGHT = 400
const LEFT = 70
const RIGHT = 40
const BOTTOM = 50
const TOP = 40

/** Draws curves over logarithmic axes, as SVG; a straight line as steep as the dashed one is linear growth. */
export function plotGrowth (title: string, curves: Curve[]): string {
  const all = curves.flatMap(({ points }) => points)
  const [fromX, toX] = decades(all.map(({ actions }) => actions))
  const [fromY, toY] = decades(all.map(({ wallMs }) => wallMs))
  const x = (actions: number): number => LEFT + (Math.log10(actions) - fromX) / (toX - fromX) * (WIDTH - LEFT - RIGHT)
  const y = (wallMs: number): number => HEIGHT - BOTTOM - (Math.log10(wallMs) - fromY) / (toY - fromY) * (HEIGHT - BOTTOM - TOP)
  const grid = [
    ...range(fromX, toX).map(power => `<line x1="${x(10 ** power)}" x2="${x(10 ** power)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}" stroke="#ccc"/><text x="${x(10 ** power)}" y="${HEIGHT - BOTTOM + 20}" text-anchor="middle">${(10 ** power).toLocaleString('en')}</text>`),
    ...range(fromY, toY).map(power => `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(10 ** power)}" y2="${y(10 ** power)}" stroke="#ccc"/><text x="${LEFT - 8}" y="${y(10 ** power) + 4}" text-anchor="end">${10 ** power} ms</text>`)
  ]
  const lines = curves.map(({ name, colour, points }, number) => `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${points.map(({ actions, wallMs }) => `${x(actions).toFixed(1)},${y(wallMs).toFixed(1)}`).join(' ')}"/>` +
    points.map(({ actions, wallMs }) => `<circle cx="${x(actions).toFixed(1)}" cy="${y(wallMs).toFixed(1)}" r="4" fill="${colour}"/>`).join('') +
    `<text x="${LEFT + 16}" y="${TOP + 20 + number * 18}" fill="${colour}">${name}</text>`)
  const first = curves[0]?.points[0]
  const span = Math.min(10 ** toX / (first?.actions ?? 1), 10 ** toY / (first?.wallMs ?? 1))
  const linear = first === undefined ? '' : `<line x1="${x(first.actions)}" y1="${y(first.wallMs)}" x2="${x(first.actions * span)}" y2="${y(first.wallMs * span)}" stroke="#888" stroke-dasharray="5 5"/>`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">
<title>${title}</title>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
<text x="${WIDTH / 2}" y="22" text-anchor="middle" font-size="15">${title}</text>
${grid.join('\n')}
${linear}
${lines.join('\n')}
<text x="${WIDTH / 2}" y="${HEIGHT - 8}" text-anchor="middle">actions</text>
</svg>
`
}

function decades (values: number[]): [number, number] {
  return [Math.floor(Math.log10(Math.min(...values))), Math.ceil(Math.log10(Math.max(...values)))]
}

function range (from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_none, index) => from + index)
}
