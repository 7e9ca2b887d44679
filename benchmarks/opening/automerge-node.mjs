import { Repo } from '@automerge/automerge-repo'
import { NodeFSStorageAdapter } from '@automerge/automerge-repo-storage-nodefs'

const openRepo = folder => new Repo({ storage: new NodeFSStorageAdapter(folder) })

/** Writes a document with a list of texts, one change each; returns its URL. */
export async function writeDocument (folder, bodies) {
  const repo = openRepo(folder)
  const handle = repo.create({ messages: [] })
  for (const body of bodies) handle.change(document => { document.messages.push({ body }) })
  await repo.flush()
  await repo.shutdown()
  return handle.url
}

/** Opens a document as it is stored. */
export async function openDocument (folder, url) {
  const repo = openRepo(folder)
  const handle = await repo.find(url)
  return { messages: handle.doc().messages, close: async () => { await repo.shutdown() } }
}
