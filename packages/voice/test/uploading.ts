import { silentLogger } from '@parley/core'
import type { DeviceKeys } from '@parley/identity'
import { type Recording, type Upload, type UploadInit, uploadVoice } from '../src/index.ts'
import { type World, networkOf } from './world.ts'

export function upload (world: World, recording: Recording, init: UploadInit = {}, device: DeviceKeys = world.alice): Upload {
  return uploadVoice({ network: networkOf(world, device), store: world.spoken, clock: world.clock, random: world.random, logger: silentLogger }, recording, world.target, init)
}

/** Waits for the end of an upload while time passes. */
export async function ended (world: World, sent: Upload): Promise<Awaited<Upload['done']>> {
  let result: Awaited<Upload['done']> | undefined
  void sent.done.then(value => { result = value })
  await world.until(() => result !== undefined, 'the end of the upload')
  return await sent.done
}
