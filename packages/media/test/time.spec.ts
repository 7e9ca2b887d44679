import { createVirtualClock } from '@parley/core'
import { expect } from 'chai'
import { correlate, createWaveform, encodeOpus, pace, syntheticSpeech, type OpusPacket } from '../src/index.ts'
import { all, nameOf, sine, sourceOf } from './fixtures.ts'

function packets (count: number): OpusPacket[] {
  return Array.from({ length: count }, () => ({ data: Uint8Array.of(0xf8), samples: 960 }))
}

describe('pacing', () => {
  it('releases each packet when it has been spoken', async () => {
    const clock = createVirtualClock()
    const times: number[] = []
    const done = (async () => { for await (const _ of pace(packets(5), { clock })) times.push(clock.monotonicNow()) })()
    await clock.advance(100)
    await done
    expect(times).to.deep.equal([20, 40, 60, 80, 100])
  })

  it('does not drift when whoever takes the packets is slow', async () => {
    const clock = createVirtualClock()
    let last = 0
    const done = (async () => {
      for await (const _ of pace(packets(500), { clock })) {
        last = clock.monotonicNow()
        await new Promise<void>(resolve => { clock.setTimer(resolve, 7) })
      }
    })()
    await clock.advance(10_100)
    await done
    expect(last).to.equal(10_000)
  })

  it('catches up after a stall', async () => {
    const clock = createVirtualClock()
    const times: number[] = []
    const done = (async () => {
      for await (const _ of pace(packets(10), { clock })) {
        times.push(clock.monotonicNow())
        if (times.length === 2) await new Promise<void>(resolve => { clock.setTimer(resolve, 100) })
      }
    })()
    await clock.advance(1_000)
    await done
    expect(times).to.deep.equal([20, 40, 140, 140, 140, 140, 140, 160, 180, 200])
  })

  it('ends when it is told to', async () => {
    const clock = createVirtualClock()
    const controller = new AbortController()
    const name = nameOf(async () => await all(pace(packets(5), { clock }, { signal: controller.signal })))
    await clock.advance(50)
    controller.abort()
    expect(await name).to.equal('AbortError')
  })
})

describe('a waveform', () => {
  it('has one peak an interval on a scale of decibels', async () => {
    const waveform = createWaveform({ peaksPerSecond: 20 })
    await waveform.add(sine(1_000, 48_000, 100).map(sample => sample * 2))
    await waveform.add(new Float32Array(4_800))
    await waveform.add(sine(1_000, 48_000, 25).map(sample => sample * 0.002))
    const peaks = [...waveform.peaks()]
    expect(peaks).to.have.length(5)
    expect(peaks.slice(0, 4)).to.deep.equal([255, 255, 0, 0])
    // 0.001 of full scale is -60 dB.
    expect(peaks[4]).to.be.at.most(1)
  })

  it('is the same from packets as from what they hold', async () => {
    const speech = syntheticSpeech({ durationMs: 2_000, seed: 4 })
    const fromPcm = createWaveform()
    await fromPcm.add(speech)
    const fromPackets = createWaveform()
    for await (const packet of encodeOpus(sourceOf(speech, { sampleRateHz: 48_000, channels: 1 }))) await fromPackets.add(packet)
    fromPackets.close()
    const loud = [...fromPcm.peaks()].map((peak, index) => [peak, fromPackets.peaks()[index] ?? 0] as const).filter(([peak]) => peak > 128)
    expect(fromPackets.peaks()).to.have.length(40)
    for (const [a, b] of loud) expect(Math.abs(a - b)).to.be.below(40)
  })
})

describe('correlating', () => {
  const speech = syntheticSpeech({ durationMs: 10_000, seed: 2 })

  it('finds a shift in either direction', () => {
    for (const shift of [-9_600, -1, 0, 1, 12_345]) {
      const moved = shift < 0 ? speech.subarray(-shift) : new Float32Array(speech.length + shift)
      if (shift >= 0) moved.set(speech, shift)
      const { correlation, lagSamples } = correlate(speech, moved)
      expect(lagSamples).to.equal(shift)
      expect(correlation).to.be.above(0.999)
    }
  })

  it('tells different speech apart, and silence', () => {
    expect(correlate(speech, syntheticSpeech({ durationMs: 10_000, seed: 3 })).correlation).to.be.below(0.3)
    expect(correlate(speech, new Float32Array(1_000)).correlation).to.equal(0)
    expect(correlate(new Float32Array(0), speech).correlation).to.equal(0)
  })

  it('is fast for ten seconds', () => {
    const before = performance.now()
    correlate(speech, speech)
    expect(performance.now() - before).to.be.below(3_000)
  })
})

describe('synthetic speech', () => {
  it('is the same for the same seed', () => {
    expect(syntheticSpeech({ durationMs: 200, seed: 8 })).to.deep.equal(syntheticSpeech({ durationMs: 200, seed: 8 }))
    expect(syntheticSpeech({ durationMs: 200, seed: 8 })).to.not.deep.equal(syntheticSpeech({ durationMs: 200, seed: 9 }))
  })

  it('has pauses and sound', async () => {
    const waveform = createWaveform()
    await waveform.add(syntheticSpeech({ durationMs: 10_000 }))
    const peaks = waveform.peaks()
    expect(peaks.filter(peak => peak === 0).length).to.be.within(5, 120)
    expect(peaks.filter(peak => peak > 150).length).to.be.above(60)
  })
})
