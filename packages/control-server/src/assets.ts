import { readFile } from 'node:fs/promises'

/** A file of the page. */
export interface Asset {
  path: string
  type: string
  body: Buffer
}

/**
 * Reads the files of the page.
 *
 * They are found by the name of the package, which is the same from the
 * sources, from the build and from an installed copy.
 */
export async function readAssets (): Promise<Asset[]> {
  return await Promise.all([
    readAsset('/', 'text/html', import.meta.resolve('@parley/control-server/assets/index.html')),
    readAsset('/style.css', 'text/css', import.meta.resolve('@parley/control-server/assets/style.css')),
    readAsset('/page.js', 'text/javascript', import.meta.resolve('@parley/control-server/assets/page.js')),
    readAsset('/elements.js', 'text/javascript', import.meta.resolve('@parley/control-server/assets/elements.js')),
    readAsset('/icon.svg', 'image/svg+xml', import.meta.resolve('@parley/control-server/assets/icon.svg'))
  ])
}

async function readAsset (path: string, type: string, url: string): Promise<Asset> {
  return { path, type: `${type}; charset=utf-8`, body: await readFile(new URL(url)) }
}
