import { Resvg, initWasm } from '@resvg/resvg-wasm'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { UsageError } from './errors.ts'

/** Beyond this neither memory nor viewers keep up. */
const MAX_PIXELS = 64_000_000

const require = createRequire(import.meta.url)
let loaded: Promise<Uint8Array[]> | undefined

/**
 * Draws an SVG as a PNG, with the DejaVu fonts, so that it looks alike on
 * every machine. The renderer is loaded when a picture is first asked for.
 *
 * @param zoom pixels for each unit of the SVG
 * @throws {UsageError} when it would have more than 64 million pixels
 */
export async function graphPng (svg: string, { zoom = 2 }: { zoom?: number } = {}): Promise<Uint8Array> {
  loaded ??= load()
  const fontBuffers = await loaded
  const resvg = new Resvg(svg, { fitTo: { mode: 'zoom', value: zoom }, font: { fontBuffers, defaultFontFamily: 'DejaVu Sans', sansSerifFamily: 'DejaVu Sans' } })
  try {
    if (resvg.width * resvg.height * zoom * zoom > MAX_PIXELS) throw new UsageError('This picture is too large for a PNG; write it as SVG, or draw fewer nodes with --nodes')
    const image = resvg.render()
    const png = image.asPng()
    image.free()
    return png
  } finally {
    resvg.free()
  }
}

async function load (): Promise<Uint8Array[]> {
  await initWasm(await readFile(require.resolve('@resvg/resvg-wasm/index_bg.wasm')))
  return await Promise.all(['DejaVuSans', 'DejaVuSans-Bold'].map(async name => await readFile(require.resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`))))
}
