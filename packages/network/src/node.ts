export { openLevelStore, type LevelStoreInit } from './stores/level-store.ts'
