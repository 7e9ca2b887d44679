import { Repo } from '@automerge/automerge-repo'
import { WebSocketClientAdapter, WebSocketServerAdapter } from '@automerge/automerge-repo-network-websocket'
import { NodeFSStorageAdapter } from '@automerge/automerge-repo-storage-nodefs'
import { once } from 'node:events'
import { WebSocketServer } from 'ws'

/** Writes a document with a list of texts, one change each, and serves it over WebSocket. */
export async function serveDocument (folder, bodies) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  const repo = new Repo({ storage: new NodeFSStorageAdapter(folder), network: [new WebSocketServerAdapter(server)], sharePolicy: async () => true })
  const handle = repo.create({ messages: [] })
  for (const body of bodies) handle.change(document => { document.messages.push({ body }) })
  await repo.flush()
  return { url: handle.url, port: server.address().port, heads: handle.heads().join(), stop: async () => { await repo.shutdown(); server.close() } }
}

/** Fetches a document into a new folder; resolves when it is flushed there. */
export async function fetchDocument (folder, port, url) {
  const repo = new Repo({ storage: new NodeFSStorageAdapter(folder), network: [new WebSocketClientAdapter(`ws://127.0.0.1:${port}`)] })
  const handle = await repo.find(url)
  await repo.flush()
  return { heads: handle.heads().join(), count: handle.doc().messages.length, stop: async () => { await repo.shutdown() } }
}
