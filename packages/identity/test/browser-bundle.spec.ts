import { expect } from 'chai'
import { build } from 'esbuild'
import { gzipSync } from 'node:zlib'

describe('the package in a browser', () => {
  it('needs nothing of Node', async function () {
    this.timeout(20_000)
    const { outputFiles, metafile } = await build({
      entryPoints: [new URL('../src/index.ts', import.meta.url).pathname],
      bundle: true, write: false, metafile: true, minify: true, format: 'esm', platform: 'browser', conditions: ['parley-source', 'browser'], logLevel: 'silent'
    })
    const inputs = Object.keys(metafile.inputs)
    expect(inputs.some(path => path.endsWith('ed25519.browser.ts'))).to.equal(true)
    expect(inputs.filter(path => path.endsWith('.node.ts'))).to.deep.equal([])
    const code = outputFiles[0]?.contents ?? new Uint8Array(0)
    expect(new TextDecoder().decode(code)).to.not.match(/["']node:/)
    console.log(`      ${(code.byteLength / 1024).toFixed(0)} KiB, ${(gzipSync(code).byteLength / 1024).toFixed(0)} KiB compressed`)
  })
})
