export { changeKeyPassphrase, createFileKeyStore, type FileKeyStoreInit, type PassphraseChange } from './file-key-store.ts'
