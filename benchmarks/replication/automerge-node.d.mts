/** What is used of automerge-repo, so that this compiles before it is installed. */
export function serveDocument (folder: string, bodies: string[]): Promise<{ url: string, port: number, heads: string, stop(): Promise<void> }>
export function fetchDocument (folder: string, port: number, url: string): Promise<{ heads: string, count: number, stop(): Promise<void> }>
