import { expect } from 'chai'
import { createEmitter, silentLogger, type LogFields, type Logger } from '../src/index.ts'

type Events = { tick: number, end: undefined }

function recordingLogger (): { logger: Logger, errors: { message: string, fields?: LogFields | undefined }[] } {
  const errors: { message: string, fields?: LogFields | undefined }[] = []
  return { errors, logger: { ...silentLogger, error (message, fields) { errors.push({ message, fields }) } } }
}

describe('an emitter', () => {
  it('calls the listeners of a type in the order they came', () => {
    const emitter = createEmitter<Events>(silentLogger)
    const seen: string[] = []
    emitter.on('tick', value => { seen.push(`a${value}`) })
    emitter.on('tick', value => { seen.push(`b${value}`) })
    emitter.emit('end', undefined)
    emitter.emit('tick', 1)
    expect(seen).to.deep.equal(['a1', 'b1'])
  })

  it('stops calling a listener that was taken off', () => {
    const emitter = createEmitter<Events>(silentLogger)
    let calls = 0
    const off = emitter.on('tick', () => { calls++ })
    off()
    off()
    emitter.emit('tick', 1)
    expect(calls).to.equal(0)
  })

  it('stops calling a listener whose signal aborted, before or after', () => {
    const emitter = createEmitter<Events>(silentLogger)
    const controller = new AbortController()
    let calls = 0
    emitter.on('tick', () => { calls++ }, { signal: controller.signal })
    emitter.on('tick', () => { calls++ }, { signal: AbortSignal.abort() })
    emitter.emit('tick', 1)
    controller.abort()
    emitter.emit('tick', 2)
    expect(calls).to.equal(1)
  })

  it('keeps two registrations of one function apart', () => {
    const emitter = createEmitter<Events>(silentLogger)
    let calls = 0
    const listener = (): void => { calls++ }
    const off = emitter.on('tick', listener)
    emitter.on('tick', listener)
    off()
    emitter.emit('tick', 1)
    expect(calls).to.equal(1)
  })

  it('does not call a listener that an earlier one took off during the same event', () => {
    const emitter = createEmitter<Events>(silentLogger)
    let calls = 0
    let off = (): void => {}
    emitter.on('tick', () => { off() })
    off = emitter.on('tick', () => { calls++ })
    emitter.emit('tick', 1)
    expect(calls).to.equal(0)
  })

  it('logs a listener that throws and calls the others', () => {
    const { logger, errors } = recordingLogger()
    const emitter = createEmitter<Events>(logger)
    let calls = 0
    emitter.on('tick', () => { throw new TypeError('broken') })
    emitter.on('tick', () => { calls++ })
    emitter.emit('tick', 1)
    expect(calls).to.equal(1)
    expect(errors.map(entry => entry.message)).to.deep.equal(['a listener of tick threw'])
  })

  it('logs an async listener that rejects', async () => {
    const { logger, errors } = recordingLogger()
    const emitter = createEmitter<Events>(logger)
    const listener: () => unknown = async () => { await Promise.reject(new TypeError('broken')) }
    emitter.on('tick', listener)
    emitter.emit('tick', 1)
    await new Promise(resolve => { setImmediate(resolve) })
    expect(errors).to.have.length(1)
  })
})
