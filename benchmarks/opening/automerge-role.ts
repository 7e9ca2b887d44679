import { randomBytes } from 'node:crypto'
import { playRole } from '../harness/role.ts'
import { openDocument, writeDocument } from './automerge-node.mjs'
import { measureOpening, type Opened } from './opened.ts'

export const role = {
  async writes (folder: string, { actions, bodyBytes }: { actions: number, bodyBytes: number }): Promise<string> {
    return await writeDocument(folder, Array.from({ length: actions }, () => randomBytes(bodyBytes / 2).toString('hex')))
  },
  async opens (folder: string, url: string): Promise<Opened> {
    return await measureOpening(async () => await openDocument(folder, url), ({ messages }) => messages.length)
  }
}

if (process.send !== undefined) playRole(role)
