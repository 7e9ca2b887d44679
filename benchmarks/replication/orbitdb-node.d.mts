/** What is used of OrbitDB, so that this compiles before it is installed. */
export interface Events {
  address: { toString(): string }
  log: { heads(): Promise<Array<{ hash: string }>> }
  events: { on(event: 'update', listener: () => void): void }
  add(value: unknown): Promise<string>
  all(): Promise<unknown[]>
}

export interface OrbitDBNode {
  addresses(): string[]
  dial(addresses: string[]): Promise<void>
  open(address: string): Promise<Events>
  create(name: string): Promise<Events>
}

export function startOrbitDB (folder: string): Promise<OrbitDBNode>
