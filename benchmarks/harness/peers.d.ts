// What is used of the peers, so that this compiles before they are installed.

declare module 'hypercore' {
  import type { Duplex } from 'node:stream'

  export default class Hypercore {
    constructor (folder: string, key?: Uint8Array | null)
    readonly key: Uint8Array
    readonly length: number
    readonly contiguousLength: number
    ready (): Promise<void>
    append (block: Uint8Array | Uint8Array[]): Promise<unknown>
    get (index: number): Promise<Uint8Array>
    update (options?: { wait?: boolean }): Promise<boolean>
    download (range: { start: number, end: number }): { done(): Promise<void> }
    replicate (isInitiator: boolean, options?: { live?: boolean }): Duplex
    treeHash (length?: number): Promise<Uint8Array>
    on (event: 'append', listener: () => void): this
    on (event: 'download', listener: (index: number) => void): this
    close (): Promise<void>
  }
}
