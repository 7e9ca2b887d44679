import type { Logger } from '@parley/core'
import type { FastifyInstance } from 'fastify'
import { sendProblem } from './problem.ts'
import { checkedStatus, type Readiness, type StatusSource } from './status.ts'

/** Adds the routes that tell the state of the node. */
export function addStatusRoutes (app: FastifyInstance, { status, logger }: { status: StatusSource, logger: Logger }): void {
  app.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('cache-control')) void reply.header('cache-control', 'no-store')
  })

  app.get('/status.json', async () => checkedStatus(await status.snapshot()))

  // A picture of its own, so that no markup of others is ever put into the page.
  app.get('/contact.svg', async (_request, reply) => {
    const { contactQrSvg } = checkedStatus(await status.snapshot())
    if (contactQrSvg === undefined) return await sendProblem(reply, 404, 'This node shows no QR code.')
    return await reply.header('content-type', 'image/svg+xml; charset=utf-8').send(contactQrSvg)
  })

  app.get('/healthz', async () => ({ status: 'ok' }))

  app.get('/readyz', async (_request, reply) => {
    const { ready, reasons } = await readiness(status, logger)
    if (ready) return { status: 'ready' }
    return await sendProblem(reply, 503, 'The node is not ready.', { type: 'urn:parley:problem:not-ready', title: 'Not ready', reasons })
  })
}

async function readiness (status: StatusSource, logger: Logger): Promise<Readiness> {
  try {
    return await status.ready()
  } catch (error) {
    logger.error('the node cannot tell whether it is ready', { error })
    return { ready: false, reasons: ['The node cannot tell whether it is ready; its log says why.'] }
  }
}
