import { createSeededRandom, createSystemClock, silentLogger } from '@parley/core'
import { openLevelStore } from '@parley/network/node'
import { createFiles } from '../../src/files/index.ts'
import { contentOf } from './samples.ts'

// A process that adds the file of `contentOf(sizeBytes)` to the store in a
// folder and says how much of it is on the disk, until it is killed.
const [folder = '', size = '0'] = process.argv.slice(2)
const store = await openLevelStore(folder)
const files = createFiles({ store, clock: createSystemClock(), random: createSeededRandom(1), logger: silentLogger })
let told = 0
const onProgress = ({ storedBytes }: { storedBytes: number }): void => {
  if (storedBytes > told) process.stdout.write(`${storedBytes}\n`)
  told = storedBytes
}
const { file } = await files.add([contentOf(Number(size))], { name: 'film.mp4', onProgress })
process.stdout.write(`over ${file.root.toString()}\n`)
await store.close()
