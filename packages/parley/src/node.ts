export { openParley, type OpenParleyInit } from './open-parley.ts'
export {
  changePassphrase, createIdentity, readIdentity, writePairedIdentity, type CreatedIdentity, type IdentityFiles, type IdentityInit
} from './identity-files.ts'
export { restoreIdentity, type RestoredIdentity } from './restore-identity.ts'
export { exportBackup, type BackupProgress, type BackupSummary, type ExportOptions } from './backup/export-backup.ts'
export { importBackup, type ImportOptions } from './backup/import-backup.ts'
export type { BackupKey, BackupLock } from './backup/age-stream.ts'
export { DamagedBackupError, WrongBackupKeyError } from './backup/errors.ts'
export { joinPerson, type JoinPersonInit, type Joining } from './new-device/join-person.ts'
export { findCard } from './new-device/find-card.ts'
export { restorePerson, type Restored, type RestorePersonInit, type RestoreProgress } from './new-device/restore-person.ts'
export { rotatePerson, type Rotated, type RotatePersonInit, type RotationStep } from './rotation/rotate-person.ts'
