import { silentLogger, type LogFields, type Logger } from '@parley/core'
import type { NodeStatus, Readiness, StatusSource } from '../src/index.ts'

/** A source that tests can change. */
export interface SampleSource extends StatusSource {
  status: NodeStatus
  readiness: Readiness
  failure: Error | undefined
}

export function createSampleSource (change: Partial<NodeStatus> = {}): SampleSource {
  const source: SampleSource = {
    failure: undefined,
    readiness: { ready: true, reasons: [] },
    status: {
      name: 'Bob',
      person: 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK',
      device: 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp',
      version: '0.1.0',
      startedAt: Date.now() - 7_500_000,
      addresses: [
        '/ip4/127.0.0.1/tcp/4001/p2p/12D3KooWHFrmLWTTDD4NodngtRMEVYgxrsDMp4F9iSwYntZ9WjHa',
        '/ip4/127.0.0.1/tcp/4002/ws/p2p/12D3KooWHFrmLWTTDD4NodngtRMEVYgxrsDMp4F9iSwYntZ9WjHa'
      ],
      contactUrl: `parley:contact/1/${'maydqmjsgm2tmnzygkbq'.repeat(18)}`,
      contactQrSvg: sampleQr(),
      peers: [
        { peer: '12D3KooWGzBJVmsC1ySMXYSYs8mCyUiuEfzSwzDfTBqVvXeNKiRt', address: '/ip4/127.0.0.1/tcp/50412', direction: 'inbound', name: 'Alice’s laptop' },
        { peer: '12D3KooWRBhwfeP2Y4TCx1SM6s9rUoHhR5STiGwxBhgFRcw3UERE', address: '/ip4/127.0.0.1/tcp/4101', direction: 'outbound' }
      ],
      captures: [],
      messages: { held: 3, total: 1204 },
      conversations: 12,
      disk: { folder: '/home/bob/.local/share/parley/proxy', usedBytes: 48_300_000, freeBytes: 120_500_000_000 },
      warnings: [],
      ...change
    },
    async snapshot () {
      if (source.failure !== undefined) throw source.failure
      return source.status
    },
    async ready () {
      if (source.failure !== undefined) throw source.failure
      return source.readiness
    }
  }
  return source
}

/** Something square to look at; real codes come from the caller. */
function sampleQr (): string {
  const modules = Array.from({ length: 29 * 29 }, (_, index) => [index % 29, Math.floor(index / 29)] as const)
    .filter(([x, y]) => (x * 7 + y * 13 + x * y) % 3 === 0)
    .map(([x, y]) => `M${x + 2} ${y + 2}h1v1h-1z`).join('')
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 33 33"><path fill="#fff" d="M0 0h33v33H0z"/><path d="${modules}"/></svg>`
}

/** A logger that keeps what it is told. */
export function createRecordingLogger (): Logger & { lines: { level: string, message: string, fields: LogFields | undefined }[] } {
  const lines: { level: string, message: string, fields: LogFields | undefined }[] = []
  const logger = {
    ...silentLogger,
    lines,
    info (message: string, fields?: LogFields) { lines.push({ level: 'info', message, fields }) },
    error (message: string, fields?: LogFields) { lines.push({ level: 'error', message, fields }) },
    child () { return logger }
  }
  return logger
}
