import helmet from '@fastify/helmet'
import type { Logger } from '@parley/core'
import fastify, { type FastifyInstance } from 'fastify'
import { readAssets } from './assets.ts'
import { CannotListenError } from './errors.ts'
import { isOwnHost } from './host-guard.ts'
import { sendProblem } from './problem.ts'
import { addStatusRoutes } from './status-routes.ts'
import type { StatusSource } from './status.ts'

/** What the server works with. */
export interface StatusServerComponents {
  status: StatusSource
  logger: Logger
}

/** Where and how the server listens. */
export interface StatusServerInit {
  /**
   * The address to listen on. There is no login: whoever reaches it sees the page.
   *
   * @default '127.0.0.1'
   */
  host?: string
  /** The port; 0 takes a free one. */
  port: number
  /**
   * Names, without a port, by which browsers may call this server beside `localhost` and addresses.
   *
   * @default []
   */
  allowedHosts?: string[]
}

/** A status page that is being served. */
export interface StatusServer {
  /** The address of the page, for example `http://127.0.0.1:8080/`. */
  readonly url: string
  readonly host: string
  readonly port: number
  /** Answers what was asked already, then closes; may be called again. */
  stop(): Promise<void>
}

/**
 * Serves the status page on `/`, its figures on `/status.json`, and `/healthz`
 * and `/readyz` for whoever supervises the process. Errors are problems in the
 * format of RFC 9457.
 *
 * @throws {CannotListenError} when the port is taken or the address is not ours
 */
export async function createStatusServer (components: StatusServerComponents, { host = '127.0.0.1', port, allowedHosts = [] }: StatusServerInit): Promise<StatusServer> {
  const logger = components.logger.child('status-server')
  const app = fastify({
    logger: false,
    forceCloseConnections: 'idle',
    bodyLimit: 1024,
    requestTimeout: 10_000,
    // An address that cannot be decoded never reaches the handlers below.
    frameworkErrors: (_error, _request, reply) => { void sendProblem(reply, 400, 'The request cannot be understood.') }
  })
  await app.register(helmet, SECURITY_HEADERS)
  guardHosts(app, allowedHosts)
  nameProblems(app, logger)
  for (const { path, type, body } of await readAssets()) {
    app.get(path, async (_request, reply) => await reply.header('content-type', type).header('cache-control', 'no-cache').send(body))
  }
  addStatusRoutes(app, { status: components.status, logger })
  try {
    await app.listen({ host, port })
  } catch (cause) {
    await app.close()
    throw new CannotListenError(host, port, (cause as NodeJS.ErrnoException).code ?? 'unknown', { cause })
  }
  const address = app.server.address()
  const actual = typeof address === 'object' && address !== null ? address.port : port
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${actual}/`
  logger.info('serving the status page', { url })
  let stopped: Promise<void> | undefined
  return {
    url,
    host,
    port: actual,
    async stop () {
      stopped ??= app.close().then(() => { logger.info('the status page is closed') })
      await stopped
    }
  }
}

/** The page loads its own files and nothing else, and no other page may frame it. */
const SECURITY_HEADERS = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'"],
      connectSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
      requireTrustedTypesFor: ["'script'"]
    }
  },
  // The page is plain HTTP on loopback; a promise of HTTPS would lock other servers of this host out.
  strictTransportSecurity: false,
  xFrameOptions: { action: 'deny' as const },
  referrerPolicy: { policy: 'no-referrer' as const }
}

function guardHosts (app: FastifyInstance, allowedHosts: string[]): void {
  app.addHook('onRequest', async (request, reply) => {
    if (!isOwnHost(request.headers.host, allowedHosts)) {
      return await sendProblem(reply, 421, 'This server does not go by that name. Use its address or localhost.')
    }
  })
}

function nameProblems (app: FastifyInstance, logger: Logger): void {
  app.setNotFoundHandler(async (request, reply) => {
    const path = request.url.split('?', 1)[0] ?? ''
    if (app.hasRoute({ method: 'GET', url: path })) {
      void reply.header('allow', 'GET, HEAD')
      return await sendProblem(reply, 405, 'This can only be read.')
    }
    return await sendProblem(reply, 404, 'There is nothing here. The status page is at /.')
  })
  app.setErrorHandler(async (error: Error & { statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500
    if (status < 500) return await sendProblem(reply, status, 'The request cannot be understood.')
    // What went wrong inside is for the log, not for whoever asks.
    logger.error('a request failed', { url: request.url, error })
    return await sendProblem(reply, 500, 'The node cannot tell its state; its log says why.')
  })
}
