export type { Added, Following, Verbs } from './types.ts'
export { createVerbs } from './verbs.ts'
