export { createFileKeyStore, type FileKeyStoreInit } from './file-key-store.ts'
