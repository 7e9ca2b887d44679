/** What is used of automerge-repo, so that this compiles before it is installed. */
export interface OpenDocument {
  messages: unknown[]
  close(): Promise<void>
}

export function writeDocument (folder: string, bodies: string[]): Promise<string>
export function openDocument (folder: string, url: string): Promise<OpenDocument>
