/** What is used of Helia, so that this compiles before it is installed. */
export interface BitswapNode {
  /** Returns a block, from a neighbour. */
  get(cid: string): Promise<Uint8Array>
  stop(): Promise<void>
}

export function startBitswap (address: string): Promise<BitswapNode>
