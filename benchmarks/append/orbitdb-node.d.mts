/** What is used of OrbitDB, so that this compiles before it is installed. */
export interface Events {
  add(value: unknown): Promise<string>
  all(): Promise<unknown[]>
}

export interface OrbitDBNode {
  create(name: string): Promise<Events>
}

export function startOrbitDB (folder: string): Promise<OrbitDBNode>
