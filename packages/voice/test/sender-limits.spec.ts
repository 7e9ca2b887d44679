import { createVirtualClock } from '@parley/core'
import { expect } from 'chai'
import { createSenderQuota, type VoiceKeeperInit } from '../src/index.ts'
import { ended, upload } from './uploading.ts'
import { createWorld, packets, speak } from './world.ts'

describe('what one sender may use in a day', () => {
  it('ends, for that sender alone, and begins anew the next day', async () => {
    const clock = createVirtualClock(1_700_000_000_000)
    const quota = createSenderQuota({ clock }, { bytesPerDay: 100, itemsPerDay: 2 })
    expect(quota.take('did:a', { bytes: 60 })).to.equal(true)
    expect(quota.take('did:a', { bytes: 41 })).to.equal(false)
    expect(quota.take('did:a', { bytes: 40, items: 2 })).to.equal(true)
    expect(quota.take('did:a', { items: 1 })).to.equal(false)
    expect(quota.take('did:b', { bytes: 100, items: 2 })).to.equal(true)
    await clock.advance(24 * 3_600_000)
    expect(quota.take('did:a', { bytes: 100, items: 2 })).to.equal(true)
  })
})

describe('a keeper that bounds one message below its own limits', () => {
  const outcome = async (init: Partial<VoiceKeeperInit>): Promise<{ reason: string | undefined, segments: number }> => {
    const world = await createWorld()
    const keeper = await world.keep(init)
    const recording = world.record()
    await speak(recording, packets(300, world.random))
    await recording.finish()
    const { error } = await ended(world, upload(world, recording))
    return { reason: (error as { reason?: string } | undefined)?.reason, segments: (await keeper.record(recording.voice))?.segments ?? 0 }
  }

  it('takes as many segments as it may have, and keeps them', async () => {
    expect(await outcome({ authorise: async () => ({ ok: true, limits: { maxSegments: 3 } }) })).to.deep.equal({ reason: 'too-long', segments: 3 })
  })

  it('asks about each new segment, and refuses in the words it is given', async () => {
    let left = 2
    expect(await outcome({ mayAdd: () => left-- > 0 ? { ok: true } : { ok: false, reason: 'no more today' } })).to.deep.equal({ reason: 'not-allowed', segments: 2 })
  })

  it('can look as if it had nothing', async () => {
    expect(await outcome({ authorise: async () => ({ ok: false, reason: 'no such message is kept here', refusal: 'unknown-voice' }) })).to.deep.equal({ reason: 'unknown-voice', segments: 0 })
  })
})
