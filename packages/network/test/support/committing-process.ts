// Commits durably without end, telling each number once it is kept; whoever started it kills it.
import { openLevelStore } from '@parley/network/node'
import { cidOf } from '@parley/core'

const [folder = ''] = process.argv.slice(2)
const store = await openLevelStore(folder)
for (let index = 0; ; index++) {
  const block = new TextEncoder().encode(`block ${index}`)
  await store.commit([{ type: 'block', cid: cidOf(block), bytes: block }, { type: 'put', key: `/n/${String(index).padStart(8, '0')}`, value: cidOf(block).bytes }], { durable: true })
  process.stdout.write(`${index}\n`)
}
