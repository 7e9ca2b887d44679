import { expect } from 'chai'
import { checkTree } from '../boundaries/check-tree.ts'
import type { Manifest, PackageTree, RepositoryTree } from '../boundaries/tree.ts'

interface Init { manifest?: Partial<Manifest>, source?: string, files?: Record<string, string> }

function packageOf (folder: string, { manifest = {}, source = '', files = {} }: Init = {}): PackageTree {
  const path = `packages/${folder}`
  const texts: Record<string, string> = { 'README.md': '# It', 'test/it.spec.ts': '', 'src/index.ts': source, ...files }
  return {
    folder,
    manifest: { name: `@parley/${folder}`, exports: { '.': {} }, ...manifest },
    files: Object.entries(texts).map(([name, text]) => ({ path: `${path}/${name}`, text }))
  }
}

function messages (packages: PackageTree[], rest: Partial<RepositoryTree> = {}): string[] {
  return checkTree({ packages, files: [], ...rest }).map(entry => `${entry.path}${entry.line === undefined ? '' : `:${entry.line}`}: ${entry.message}`)
}

const using = (...names: string[]): Partial<Manifest> => ({ dependencies: Object.fromEntries(names.map(name => [name, '1'])) })

describe('a repository that keeps to the map', () => {
  it('has no broken rule', () => {
    expect(messages([
      packageOf('core', { source: "export { createHash } from 'node:crypto'\nconst now = Date.now()" }),
      packageOf('identity', { manifest: using('@parley/core'), source: "import { x } from '@parley/core'\nimport y from './y.ts'" }),
      packageOf('network', { manifest: using('libp2p', '@parley/core'), source: "import { createLibp2p } from 'libp2p'" }),
      packageOf('cli', { manifest: using('@parley/identity'), source: "console.log(process.argv)\nawait import('@parley/identity')" })
    ])).to.deep.equal([])
  })

  it('may say in comments and strings what its code may not', () => {
    expect(messages([packageOf('media', {
      source: "// console.log(process.env), import 'libp2p'\n/* throw new Error('x') */\nconst a = 'process.exit() and Date.now()'\nconst b = `console.log(${a})`\nconst c = /[/'\"`]process.env/.test(a)"
    })])).to.deep.equal([])
  })

  it('may name a field like a thing that is reserved', () => {
    expect(messages([packageOf('media', { source: 'stream.process.run()\nlogger.console.x()\nclock.setTimeout(1)\nconst processing = 1' })])).to.deep.equal([])
  })
})

describe('a package that uses what the map does not allow', () => {
  const media = packageOf('media')
  it('is caught by its package.json', () => {
    expect(messages([media, packageOf('signalling', { manifest: using('@parley/media') })]))
      .to.deep.equal(['packages/signalling/package.json: signalling may not use media'])
  })

  const ways = [
    "import { x } from '@parley/media'", "import type { X } from '@parley/media'", "export * from '@parley/media'", "import '@parley/media'",
    "const x = await import('@parley/media')", "type X = import('@parley/media').X", 'const x = await import(`@parley/media`)'
  ]
  for (const source of ways) {
    it(`is caught by ${source}`, () => {
      expect(messages([media, packageOf('signalling', { source })])).to.include('packages/signalling/src/index.ts:1: signalling may not use media')
    })
  }

  it('is caught when the package is on no map at all', () => {
    expect(messages([packageOf('utils')])).to.deep.equal(['packages/utils/package.json: utils is not on the map (scripts/boundaries/map.ts)'])
  })
})

describe('a library that belongs to one package', () => {
  const libraries: [string, string, string][] = [
    ['libp2p', 'voice', 'network'], ['helia', 'conversations', 'network'], ['@libp2p/tcp', 'proxy', 'network'], ['@helia/unixfs', 'cli', 'network'],
    ['@chainsafe/libp2p-gossipsub', 'signalling', 'network'], ['fastify', 'proxy', 'control-server'], ['@fastify/helmet', 'cli', 'control-server']
  ]
  for (const [name, folder, owner] of libraries) {
    it(`is caught in another: ${name} in ${folder}`, () => {
      expect(messages([packageOf(folder, { manifest: using(name) })]).join()).to.include(`only ${owner} imports`)
    })
  }
})

describe('an import that takes a side way', () => {
  it('is caught when it reaches into the sources of another package, in tests too', () => {
    expect(messages([packageOf('core'), packageOf('identity', { files: { 'test/it.spec.ts': "\nimport { x } from '../../core/src/x.ts'" } })]))
      .to.deep.equal(['packages/identity/test/it.spec.ts:2: ../../core/src/x.ts reaches into core; import it by its name'])
  })

  it('is caught when the path is not exported', () => {
    const deep = packageOf('identity', { manifest: using('@parley/core'), source: "import { x } from '@parley/core/src/x.ts'" })
    expect(messages([packageOf('core'), deep])).to.deep.equal(['packages/identity/src/index.ts:1: @parley/core/src/x.ts is not exported by @parley/core'])
  })

  it('is fine when the path is exported', () => {
    const core = packageOf('core', { manifest: { exports: { '.': {}, './node': {}, './assets/*': {} } } })
    const source = "import { x } from '@parley/core/node'\nimport.meta.resolve('@parley/core/assets/a.css')"
    expect(messages([core, packageOf('identity', { manifest: using('@parley/core'), source })])).to.deep.equal([])
  })

  it('is fine where a benchmark runs what the tests of a package run', () => {
    const files = [
      { path: 'benchmarks/long/run.ts', text: "import { x } from '../../packages/core/test/engine.ts'" },
      { path: 'benchmarks/deep/run.ts', text: "import { x } from '../../packages/core/src/x.ts'" }
    ]
    expect(messages([packageOf('core')], { files })).to.deep.equal(['benchmarks/deep/run.ts:1: ../../packages/core/src/x.ts reaches into core; import it by its name'])
  })

  it('is caught in scripts and scenarios', () => {
    const files = [{ path: 'test/story.spec.ts', text: "import { x } from '../packages/core/src/x.ts'" }]
    expect(messages([packageOf('core')], { files })).to.deep.equal(['test/story.spec.ts:1: ../packages/core/src/x.ts reaches into core; import it by its name'])
  })

  it('is caught when the dependency is declared nowhere', () => {
    expect(messages([packageOf('media', { source: "import { z } from 'zod/mini'" })]))
      .to.deep.equal(['packages/media/src/index.ts:1: zod is not among the dependencies of its package.json'])
  })

  it('is caught when a module of Node is written without node:', () => {
    expect(messages([packageOf('media', { source: "import fs from 'fs'" })])[0]).to.include('write node:fs')
  })

  it('is caught when an internal name is not in package.json', () => {
    expect(messages([packageOf('media', { source: "import x from '#x'" })])[0]).to.include('#x is not among the imports')
  })
})

describe('a source that says what is reserved to others', () => {
  const cases: [string, string, string][] = [
    ['proxy', 'if (process.env.HOME) {}', 'only cli reads process.*'],
    ['proxy', "import { env } from 'node:process'", 'only cli reads process.*'],
    ['voice', 'const t = `${console.log(1)}`', 'only cli writes to the console'],
    ['core', "import { readFile } from 'node:fs/promises'", 'core does no I/O'],
    ['core', "await fetch('x')", 'core does no I/O'],
    ['identity', "import net from 'node:net'", 'identity does not touch the network'],
    ['identity', 'const now = Date.now()', 'time comes from components.clock'],
    ['voice', 'const now = new Date()', 'time comes from components.clock'],
    ['voice', 'setTimeout(f, 5)', 'timers come from components.clock'],
    ['voice', 'AbortSignal.timeout(5)', 'timers come from components.clock'],
    ['voice', 'Math.random()', 'randomness comes from components.random'],
    ['voice', 'crypto.getRandomValues(bytes)', 'randomness comes from components.random'],
    ['signalling', 'new RTCPeerConnection()', 'signalling does not touch RTCPeerConnection'],
    ['proxy', 'document.title', 'proxy does not use the DOM'],
    ['media', "if (a) throw new Error('no')", 'an error without a name']
  ]
  for (const [folder, source, reason] of cases) {
    it(`is caught: ${source} in ${folder}`, () => {
      const found = messages([packageOf(folder, { source: `\n${source}` })])
      expect(found).to.have.length(1)
      expect(found[0]).to.include(`packages/${folder}/src/index.ts:2: ${reason}`)
    })
  }
})

describe('a file that is not done', () => {
  it('is caught by its marks', () => {
    const word = ['FIX', 'ME'].join('')
    expect(messages([packageOf('media', { files: { 'README.md': `fine\n${word} later` } })])).to.deep.equal([`packages/media/README.md:2: unfinished: ${word}`])
  })

  it('is caught by its length', () => {
    expect(messages([packageOf('media', { source: 'x\n'.repeat(300) })])).to.deep.equal([])
    expect(messages([packageOf('media', { source: 'x\n'.repeat(301) })])).to.deep.equal(['packages/media/src/index.ts: 301 lines; the limit is 300'])
  })

  it('is caught when the package has no README or no test', () => {
    const bare = { ...packageOf('media'), files: [] }
    expect(messages([bare])).to.deep.equal(['packages/media: there is no README.md', 'packages/media: there is no test'])
  })
})

describe('a lock file', () => {
  it('is caught when it names a host', () => {
    const lock = { packages: { 'node_modules/a': { resolved: 'https://registry.example/a.tgz' }, 'node_modules/b': {}, 'node_modules/@parley/core': { resolved: 'packages/core' } } }
    expect(messages([], { lock })).to.deep.equal(['package-lock.json: node_modules/a names a registry host; install with omit-lockfile-registry-resolved'])
  })
})
