import { cidOf, RAW, type CID } from '@parley/core'
import { encodeNode, type DagLink } from './dag-node.ts'
import { DAG_PB, NODE_WIDTH } from './limits.ts'

export interface DagBlock { cid: CID, bytes: Uint8Array }

/** Builds a file's DAG from its leaves as they come, holding at most one node of each level. */
export interface DagBuilder {
  /** Takes the next leaf; returns the blocks that are ready: it, and the nodes that it fills. */
  leaf(bytes: Uint8Array): DagBlock[]
  /** Returns the blocks that are left, and the root. */
  finish(): { blocks: DagBlock[], root: CID }
}

/** Creates a builder; it gives the blocks of one file always in the same order. */
export function createDagBuilder ({ width = NODE_WIDTH }: { width?: number } = {}): DagBuilder {
  const open: DagLink[][] = []
  const add = (link: DagLink): DagBlock[] => {
    const links = open[link.level] ??= []
    links.push(link)
    return links.length === width ? close(link.level) : []
  }
  const close = (level: number): DagBlock[] => {
    const links = open[level] ?? []
    open[level] = []
    const bytes = encodeNode(links)
    const cid = cidOf(bytes, DAG_PB)
    const sum = (field: 'fileBytes' | 'dagBytes'): number => links.reduce((total, link) => total + link[field], 0)
    return [{ cid, bytes }, ...add({ cid, level: level + 1, fileBytes: sum('fileBytes'), dagBytes: bytes.byteLength + sum('dagBytes') })]
  }
  return {
    leaf (bytes) {
      const cid = cidOf(bytes, RAW)
      return [{ cid, bytes }, ...add({ cid, level: 0, fileBytes: bytes.byteLength, dagBytes: bytes.byteLength })]
    },
    finish () {
      const blocks: DagBlock[] = []
      for (let level = 0; ; level++) {
        const links = open[level] ?? []
        const isTop = open.slice(level + 1).every(above => above.length === 0)
        const [only] = links
        if (isTop && links.length === 1 && only !== undefined) return { blocks, root: only.cid }
        if (links.length > 0) blocks.push(...close(level))
      }
    }
  }
}
