export { createSearch, type SearchComponents, type SearchInit } from './search.ts'
export type { DocumentKind, ExternalText, Field, FindOptions, Search, SearchEvents, SearchHit, SearchSize, Snippet } from './types.ts'
