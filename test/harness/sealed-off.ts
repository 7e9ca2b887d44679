/**
 * Tells the story in a network of its own, to be run as root by
 * `unshare --net node test/harness/sealed-off.ts FOLDER`. Besides loopback there
 * is one link, and everything that is not meant for loopback goes out there:
 * what the link has sent is what left. Its last line is a SealedOff as JSON.
 */
import { execFileSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { killAll } from './parley-process.ts'
import { tellStory, type ToldStory } from './told-story.ts'

export interface SealedOff {
  story: ToldStory
  /** Packets that the link sent: before, during the story, and after something was sent out on purpose. */
  sent: { before: number, story: number, onPurpose: { tcp: number, udp: number } }
}

const LINK = 'out0'

function ip (...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

function openLink (): void {
  // Neighbour discovery and the like would be counted as if we had sent it.
  for (const scope of ['all', 'default']) {
    try {
      writeFileSync(`/proc/sys/net/ipv6/conf/${scope}/disable_ipv6`, '1')
    } catch {
      // Where this is not ours to write, the link is told below to have no address.
    }
  }
  ip('link', 'set', 'lo', 'up')
  ip('link', 'add', LINK, 'type', 'veth', 'peer', 'name', 'out1')
  for (const link of [LINK, 'out1']) {
    ip('link', 'set', 'dev', link, 'addrgenmode', 'none')
    ip('link', 'set', link, 'up')
  }
  ip('address', 'add', '198.51.100.1/24', 'dev', LINK)
  // The far end is known, so that what leaves is sent at once and not only asked for.
  ip('neighbour', 'add', '198.51.100.2', 'lladdr', '02:00:00:00:00:02', 'dev', LINK)
  ip('route', 'add', 'default', 'via', '198.51.100.2')
}

function sent (): number {
  const line = readFileSync('/proc/self/net/dev', 'utf8').split('\n').find(text => text.trim().startsWith(`${LINK}:`)) ?? ''
  return Number(line.split(':')[1]?.trim().split(/\s+/)[9])
}

/** Sends something out, to see that it would have been seen. */
async function sendOnPurpose (): Promise<SealedOff['sent']['onPurpose']> {
  const first = sent()
  const socket = connect({ host: '192.0.2.1', port: 9 })
  socket.on('error', () => {})
  await until(() => sent() > first)
  socket.destroy()
  const second = sent()
  const udp = createSocket('udp4')
  udp.send('out', 9, '192.0.2.1')
  await until(() => sent() > second)
  udp.close()
  return { tcp: second - first, udp: sent() - second }
}

async function until (holds: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 100 && !holds(); attempt++) await new Promise(resolve => { setTimeout(resolve, 20) })
}

try {
  openLink()
  const before = sent()
  const story = await tellStory(process.argv[2] ?? '')
  const during = sent() - before
  console.log(JSON.stringify({ story, sent: { before, story: during, onPurpose: await sendOnPurpose() } } satisfies SealedOff))
} finally {
  await killAll()
}
