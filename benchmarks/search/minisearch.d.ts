// What is used of the peer, so that this compiles before it is installed.

declare module 'minisearch' {
  export interface SearchOptions {
    combineWith?: 'AND' | 'OR'
    prefix?: boolean | ((term: string, index: number, terms: string[]) => boolean)
    fuzzy?: number | boolean | ((term: string) => number | boolean)
  }

  export default class MiniSearch<T> {
    constructor (options: { fields: string[], idField?: string })
    addAll (documents: readonly T[]): void
    search (query: string, options?: SearchOptions): Array<{ id: number, score: number }>
    toJSON (): unknown
    static loadJSON<T> (json: string, options: { fields: string[], idField?: string }): MiniSearch<T>
  }
}
