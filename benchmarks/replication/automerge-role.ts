import { randomBytes } from 'node:crypto'
import { playRole } from '../harness/role.ts'
import { fetchDocument, serveDocument } from './automerge-node.mjs'

export const role = {
  /** Starts the repository that has the document and serves it. */
  async writes (folder: string, { actions, bodyBytes }: { actions: number, bodyBytes: number }): Promise<{ url: string, port: number, heads: string }> {
    const { url, port, heads } = await serveDocument(folder, Array.from({ length: actions }, () => randomBytes(bodyBytes / 2).toString('hex')))
    return { url, port, heads }
  },
  /** Connects, and copies the document into a new repository. */
  async replicates (folder: string, port: number, url: string): Promise<{ wallMs: number, cpuMs: number, received: number, heads: string }> {
    const cpu = process.cpuUsage()
    const startedMs = performance.now()
    const { heads, count, stop } = await fetchDocument(folder, port, url)
    const wallMs = performance.now() - startedMs
    const { user, system } = process.cpuUsage(cpu)
    await stop()
    return { wallMs, cpuMs: (user + system) / 1000, received: count, heads }
  }
}

if (process.send !== undefined) playRole(role)
