import { join } from 'node:path'
import { withFolder } from '../harness/folder.ts'
import { installPeers } from '../harness/install-peers.ts'
import { printMachine } from '../harness/machine.ts'
import { median, quantile } from '../harness/median.ts'
import { readMode } from '../harness/mode.ts'
import { startRole } from '../harness/role.ts'
import { ms, printTable, ratio } from '../harness/table.ts'
import type { role as miniRole } from './minisearch-role.ts'
import type { role as parleyRole } from './parley-role.ts'
import type { role as scanRole } from './scan-role.ts'
import { KINDS, createTexts, type Kind } from './texts.ts'

const { short, rounds } = readMode({ rounds: 3 })
const count = short ? 2_000 : 100_000
const each = short ? 500 : 1_000
const perKind = short ? 10 : 100
const here = new URL('.', import.meta.url)
const seed = 7

const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MB`

printMachine()
await withFolder(async folder => {
  if (!short) await installPeers(here)
  const writer = await startRole<typeof parleyRole>(new URL('parley-role.ts', here))
  const store = join(folder, 'store')
  await writer.ask('writes', store, { seed, count, each })
  await writer.end()
  const indexer = await startRole<typeof parleyRole>(new URL('parley-role.ts', here))
  const indexMs = await indexer.ask('indexes', store)
  await indexer.ask('ends')
  await indexer.end()

  const asked = createTexts(8)
  // Another process than the one that indexed, as after a restart; five times, each with an empty memory.
  const coldMs: number[] = []
  for (let start = 0; start < (short ? 1 : 5); start++) {
    const cold = await startRole<typeof parleyRole>(new URL('parley-role.ts', here))
    coldMs.push(await cold.ask('opens', store, asked.query('one word')))
    await cold.ask('ends')
    await cold.end()
  }
  const parley = await startRole<typeof parleyRole>(new URL('parley-role.ts', here), ['--expose-gc'])
  await parley.ask('opens', store, asked.query('one word'))
  const scan = await startRole<typeof scanRole>(new URL('scan-role.ts', here))
  await scan.ask('begins', { seed, count })
  const mini = short ? undefined : await startRole<typeof miniRole>(new URL('minisearch-role.ts', here), ['--expose-gc'])
  const miniSize = await mini?.ask('begins', { seed, count })

  for (let index = 0; index < 20; index++) {
    const query = asked.query(index % 2 === 0 ? 'one word' : 'two words')
    const [found, wanted] = [await parley.ask('counts', query), await scan.ask('counts', query)]
    if (found !== wanted) throw new RangeError(`${query}: found ${found} instead of ${wanted}`)
  }
  const took: Record<'first' | 'ten' | 'scan' | 'mini', Map<Kind, number[]>> = { first: new Map(), ten: new Map(), scan: new Map(), mini: new Map() }
  const add = (side: keyof typeof took, kind: Kind, times: number[]): void => { took[side].set(kind, [...took[side].get(kind) ?? [], ...times]) }
  for (let round = 0; round < rounds + 1; round++) {
    for (const kind of KINDS) {
      const queries = Array.from({ length: perKind }, () => asked.query(kind))
      const ours = await parley.ask('answers', queries)
      const scanned = await scan.ask('answers', queries)
      const theirs = await mini?.ask('answers', queries)
      // What is compiled first is measured by nobody.
      if (round === 0) continue
      add('first', kind, ours.firstMs)
      add('ten', kind, ours.tenMs)
      add('scan', kind, scanned)
      if (theirs !== undefined) add('mini', kind, theirs)
    }
  }
  const of = (side: keyof typeof took, kind: Kind): number[] => took[side].get(kind) ?? []
  const all = (side: keyof typeof took): number[] => KINDS.flatMap(kind => of(side, kind))
  const row = (title: string, pick: (side: keyof typeof took) => number[]): string[] => [
    title,
    ms(median(pick('first'))),
    ms(quantile(pick('first'), 0.99)),
    ms(median(pick('ten'))),
    ms(median(pick('scan'))),
    ratio(median(pick('scan')) / median(pick('first'))),
    ...mini === undefined ? [] : [ms(median(pick('mini'))), ms(quantile(pick('mini'), 0.99)), ratio(median(pick('mini')) / median(pick('first')))]
  ]
  printTable([`${count} messages`, 'first hit (goal 20 ms)', '99 %', 'ten hits', 'scan', 'faster', ...mini === undefined ? [] : ['minisearch', '99 %', 'faster']], [
    ...KINDS.map(kind => row(kind, side => of(side, kind))),
    row('all', all)
  ])
  const saidMs: number[] = []
  for (let index = 0; index < (short ? 2 : 11); index++) saidMs.push(await parley.ask('says', `news${index}`))
  if (await parley.ask('counts', 'news1') !== 1) throw new RangeError('what was said last is not found')
  const size = await parley.ask('size')
  const snapshot = await mini?.ask('snapshots', asked.query('one word'))
  printTable(['', 'parley', ...mini === undefined ? [] : ['minisearch']], [
    ['index of all, once', ms(indexMs), ...miniSize === undefined ? [] : [ms(miniSize.tookMs)]],
    ['new process to first hit', ms(median(coldMs)), ...snapshot === undefined ? [] : [ms(snapshot.loadMs)]],
    ['one more message, until it is found', ms(median(saidMs)), ...mini === undefined ? [] : ['']],
    ['index in memory', megabytes(size.memoryBytes), ...miniSize === undefined ? [] : [megabytes(miniSize.heapBytes)]],
    ['index on disk, sealed', megabytes(size.indexBytes), ...snapshot === undefined ? [] : [`${megabytes(snapshot.sizeBytes)} of JSON`]],
    ['with the texts for snippets', megabytes(size.storeBytes), ...mini === undefined ? [] : ['']],
    ['whole process, heap', megabytes(size.heapBytes), ...mini === undefined ? [] : ['']],
    ['segments', String(size.segments), ...mini === undefined ? [] : ['']]
  ])
  await parley.ask('ends')
  await Promise.all([parley.end(), scan.end(), mini?.end()])
})
printMachine()
