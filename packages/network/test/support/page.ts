// Runs in a real browser: its own node, talking to one in Node, and its own store.
import { cidOf, silentLogger } from '@parley/core'
import { createNetwork, openIdbStore, type PeerTarget } from '@parley/network'

/** What the page found out; each line is checked by the test. */
export interface PageReport {
  echoed: string
  block: string
  topicRecipients: number
  reopened: string
  medianMs: number
}

async function run (target: PeerTarget, blockText: string): Promise<PageReport> {
  const [encoder, decoder] = [new TextEncoder(), new TextDecoder()]
  const store = await openIdbStore('parley-test')
  const network = await createNetwork({ store, logger: silentLogger }, { seed: new Uint8Array(32).fill(77), listen: [] })
  const stream = await network.open(target, '/test/echo/1')
  const times: number[] = []
  let echoed = ''
  for (let round = 0; round < 200; round++) {
    const begun = performance.now()
    await stream.send(encoder.encode('hello from a page'))
    echoed = decoder.decode(await stream.receive())
    times.push(performance.now() - begun)
  }
  await stream.close()
  const cid = cidOf(encoder.encode(blockText))
  const block = decoder.decode(await network.blocks.get(cid, { from: [target] }))
  let topicRecipients = 0
  while (topicRecipients === 0) topicRecipients = (await network.topics.publish('page', encoder.encode('hi'))).recipients
  await network.stop()
  await store.close()
  const again = await openIdbStore('parley-test')
  const reopened = decoder.decode(await again.getBlock(cid))
  await again.close()
  return { echoed, block, topicRecipients, reopened, medianMs: times.sort((a, b) => a - b)[100] ?? 0 }
}

Object.assign(globalThis, { run })
