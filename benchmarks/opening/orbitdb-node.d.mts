/** What is used of OrbitDB, so that this compiles before it is installed. */
export interface Events {
  readonly address: { toString(): string }
  add(value: unknown): Promise<string>
  all(): Promise<unknown[]>
}

export interface OrbitDBNode {
  /** Opens a database by its name, when it is new, or its address. */
  open(name: string): Promise<Events>
  stop(): Promise<void>
}

export function startOrbitDB (folder: string): Promise<OrbitDBNode>
