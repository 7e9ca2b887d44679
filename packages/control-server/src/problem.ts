import { STATUS_CODES } from 'node:http'
import type { FastifyReply } from 'fastify'

/** A problem in the format of RFC 9457. */
export interface Problem {
  type: string
  title: string
  status: number
  detail: string
  /** Of the not-ready problem: sentences that say why. */
  reasons?: string[]
}

/** Answers with a problem. */
export async function sendProblem (reply: FastifyReply, status: number, detail: string, more: Partial<Problem> = {}): Promise<FastifyReply> {
  const problem: Problem = { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, ...more }
  return await reply.code(status).header('content-type', 'application/problem+json; charset=utf-8').send(JSON.stringify(problem))
}
