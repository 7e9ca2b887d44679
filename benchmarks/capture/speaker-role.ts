import { createSystemClock, decodeCanonical, encodeCanonical, silentLogger, systemRandom } from '@parley/core'
import { createMemoryStore, createNetwork, type FrameStream, type Network, type PeerTarget } from '@parley/network'
import { createRecording, createVoiceKey, uploadVoice, VOICE_PROTOCOL } from '@parley/voice'
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import { somebody, type Somebody } from '../harness/cast.ts'
import { machineMs, playRole } from '../harness/role.ts'
import { ACTION, CONVERSATION, createSpeech, packet, type Speech } from './speech.ts'

interface Speaker { who: Somebody, network: Network }
/** A message on its way over the wire. */
interface Talk { speech: Speech, stream: FrameStream, phaseMs: number, sentAtMs: number[], acknowledged: number, ended: Promise<void> }

const speakers: Speaker[] = []
const speeches: Array<{ speech: Speech, speaker: Speaker }> = []
let talks: Talk[] = []
let delaysMs: number[] = []

export const role = {
  /** Starts so many devices, each of another person. */
  async begins (devices: number): Promise<void> {
    for (let number = 0; number < devices; number++) {
      const who = await somebody(number)
      const network = await createNetwork({ store: createMemoryStore(), logger: silentLogger }, { seed: who.device.seed, listen: [] })
      speakers.push({ who, network })
    }
  },
  /** Seals what will be said beforehand, so that the load is the keeper's. */
  async prepares (captures: number, speech: { seconds: number, bitrate: number }): Promise<void> {
    for (let number = 0; number < captures; number++) {
      const speaker = speakers[number % speakers.length]
      if (speaker !== undefined) speeches.push({ speaker, speech: await createSpeech(speaker.who.device.signer, speech) })
      // Sealing waits for nothing outside: without a turn of the loop connections would be taken for dead meanwhile.
      await nextTurn()
    }
  },
  /** Opens a stream for every message; their seconds begin spread over a second. */
  async opens (target: PeerTarget): Promise<void> {
    talks = []
    for (const { network } of speakers) await network.connect(target)
    for (let first = 0; first < speeches.length; first += 50) {
      talks.push(...await Promise.all(speeches.slice(first, first + 50).map(async ({ speaker, speech }, index) => await open(speaker, speech, target, (first + index) / speeches.length * 1000))))
    }
  },
  /** Speaks, each message a segment a second in real time; returns how long acknowledgements took. */
  async speaks (): Promise<{ delaysMs: number[], acknowledged: Array<{ name: string, segments: number }>, lateMs: number }> {
    const startedMs = machineMs()
    let lateMs = 0
    await Promise.all(talks.map(async talk => {
      for (const [index, block] of talk.speech.segments.entries()) {
        const dueMs = startedMs + talk.phaseMs + (index === 0 ? 0 : 200 + (index - 1) * 1000)
        await pause(Math.max(0, dueMs - machineMs()))
        lateMs = Math.max(lateMs, machineMs() - dueMs)
        talk.sentAtMs[index] = machineMs()
        await talk.stream.send(encodeCanonical({ v: 1, type: 'segment', block }))
      }
    }))
    return { delaysMs, acknowledged: talks.map(({ speech, acknowledged }) => ({ name: speech.name, segments: acknowledged })), lateMs }
  },
  /** Ends every message with its manifest and waits until the keeper has closed it. */
  async finishes (): Promise<Array<{ name: string, segments: number }>> {
    await Promise.all(talks.map(async ({ stream, speech, ended }) => {
      await stream.send(encodeCanonical({ v: 1, type: 'finish', manifest: speech.manifest, cutOff: false, reason: null }))
      await ended
    }))
    return talks.map(({ speech, acknowledged }) => ({ name: speech.name, segments: acknowledged }))
  },
  /** Records one message as an app does and sends it while it is spoken, in real time; returns when what happened after its first packet. */
  async records (target: PeerTarget, { seconds, bitrate }: { seconds: number, bitrate: number }): Promise<{ firstAcknowledgedMs: number, afterSegmentMs: number, stored: boolean }> {
    const [speaker] = speakers
    if (speaker === undefined) throw new RangeError('nobody is there')
    const components = { store: createMemoryStore(), device: speaker.who.device, clock: createSystemClock(), random: systemRandom, logger: silentLogger, network: speaker.network }
    await speaker.network.connect(target)
    const recording = createRecording(components, { ...createVoiceKey({ random: systemRandom }), conversation: CONVERSATION, action: ACTION })
    const upload = uploadVoice(components, recording, target, { card: speaker.who.card })
    let acknowledgedMs = 0
    upload.on('acknowledged', ({ index }) => { if (index === 0) acknowledgedMs = machineMs() })
    const startedMs = machineMs()
    let segmentMs = 0
    for (let index = 0; index < seconds * 50; index++) {
      // A packet is there when its 20 ms were spoken.
      await pause(Math.max(0, startedMs + (index + 1) * 20 - machineMs()))
      if (index === 9) segmentMs = machineMs()
      await recording.add(packet(bitrate))
    }
    await recording.finish()
    const { stored } = await upload.done
    return { firstAcknowledgedMs: acknowledgedMs - startedMs, afterSegmentMs: acknowledgedMs - segmentMs, stored }
  },
  /** Forgets how long acknowledgements took until now. */
  forgets (): void { delaysMs = [] }
}

async function open ({ who, network }: Speaker, speech: Speech, target: PeerTarget, phaseMs: number): Promise<Talk> {
  const stream = await network.open(target, VOICE_PROTOCOL)
  await stream.send(encodeCanonical({ v: 1, type: 'put', voice: speech.voice, conversation: CONVERSATION, action: ACTION, context: new Uint8Array(16), card: who.card }))
  const opened = reply(await stream.receive())
  if (opened.type !== 'opened') throw new RangeError(`the keeper answered ${JSON.stringify(opened)}`)
  const talk: Talk = { speech, stream, phaseMs, sentAtMs: [], acknowledged: 0, ended: Promise.resolve() }
  talk.ended = listen(talk)
  // Whoever waits for the end hears of it; until then it must not count as unhandled.
  talk.ended.catch(() => {})
  return talk
}

async function listen (talk: Talk): Promise<void> {
  for await (const frame of talk.stream) {
    const answer = reply(frame)
    if (answer.type === 'closed') {
      await talk.stream.close()
      return
    }
    if (answer.type !== 'ack' || answer.index === undefined) throw new RangeError(`the keeper answered ${JSON.stringify(answer)}`)
    for (let index = talk.acknowledged; index <= answer.index; index++) delaysMs.push(machineMs() - (talk.sentAtMs[index] ?? Number.NaN))
    talk.acknowledged = answer.index + 1
  }
}

function reply (frame: Uint8Array | undefined): { type?: string, index?: number, state?: string, reason?: string, detail?: string } {
  if (frame === undefined) throw new RangeError('the keeper hung up')
  return decodeCanonical('reply', frame, 4096) as ReturnType<typeof reply>
}

if (process.send !== undefined) playRole(role)
