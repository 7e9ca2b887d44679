import { dirname, resolve } from 'node:path'
import { changePassphrase, exportBackup, importBackup, type BackupProgress, type BackupSummary } from 'parley/node'
import { makeDataFolder } from '../data-folder.ts'
import type { CommandContext, CommandDefinition } from '../command.ts'
import { UsageError } from '../errors.ts'
import { readPassphrase } from '../passphrase.ts'
import { createProgressLine } from '../progress.ts'

const BACKUP_PASSPHRASE = { flags: '--backup-passphrase-file <file>', description: 'file with the passphrase of the backup (or PARLEY_BACKUP_PASSPHRASE)' }

export const idExport: CommandDefinition = {
  usage: 'id export <file>',
  summary: 'write everything of this device to one encrypted file (age)',
  options: [
    BACKUP_PASSPHRASE,
    { flags: '--recipient <age1…>', description: 'encrypt to this age recipient instead' }
  ],
  examples: ['parley id export ~/parley.age --backup-passphrase-file ~/.backup-passphrase', 'parley id export ~/parley.age --recipient age1…'],
  usesDevice: false,
  async action (context, [file = ''], options) {
    const { io, folder, output, passphrase } = context
    const recipient = options['recipient'] as string | undefined
    const summary = await withProgress(context, 'Writing', async onProgress => await exportBackup(folder.root, resolve(io.cwd, file), {
      ...(recipient === undefined ? { passphrase: await backupPassphrase(context, options) } : { recipients: [recipient] }),
      keyPassphrase: await passphrase(),
      onProgress,
      signal: io.signal,
      clock: io.clock
    }))
    output.result(reported(summary), `Wrote ${resolve(io.cwd, file)}: ${told(summary)}\nIt is this very device: import it only where this one is gone for good.\n`)
    return undefined
  }
}

export const idImport: CommandDefinition = {
  usage: 'id import <file>',
  summary: 'make the data folder the device that a backup was made of',
  options: [
    BACKUP_PASSPHRASE,
    { flags: '--identity <AGE-SECRET-KEY-1…>', description: 'age identity that opens it instead' }
  ],
  examples: ['parley id import ~/parley.age --backup-passphrase-file ~/.backup-passphrase --data ~/parley-again'],
  usesDevice: false,
  async action (context, [file = ''], options) {
    const { io, folder, output, passphrase } = context
    const identity = options['identity'] as string | undefined
    await makeDataFolder(dirname(folder.root))
    const summary = await withProgress(context, 'Reading', async onProgress => await importBackup(resolve(io.cwd, file), folder.root, {
      ...(identity === undefined ? { passphrase: await backupPassphrase(context, options) } : { identity }),
      keyPassphrase: await passphrase(),
      onProgress,
      signal: io.signal
    }))
    output.result(reported(summary), `${folder.root} is the device ${summary.device} of ${summary.person} now: ${told(summary)}\nThe machine it was made on must not go on being it: a device has one writer.\n`)
    return undefined
  }
}

export const idPassphrase: CommandDefinition = {
  usage: 'id passphrase',
  summary: 'encrypt the key files under another passphrase, or under none',
  options: [
    { flags: '--new-passphrase-file <file>', description: 'file with the new passphrase (or PARLEY_NEW_PASSPHRASE)' },
    { flags: '--remove', description: 'leave the key files in the clear, protected by their mode alone' }
  ],
  examples: ['parley id passphrase --new-passphrase-file ~/.new', 'parley id passphrase --passphrase-file ~/.old --remove'],
  usesDevice: false,
  async action ({ io, folder, output, passphrase }, _args, { newPassphraseFile, remove }) {
    const to = newPassphraseFile === undefined ? io.env['PARLEY_NEW_PASSPHRASE'] : await readPassphrase(io, newPassphraseFile as string)
    if ((to === undefined) !== (remove === true)) throw new UsageError('Say the new passphrase with --new-passphrase-file, or --remove, one of the two')
    await changePassphrase(folder.root, { from: await passphrase(), to })
    output.result({ encrypted: to !== undefined }, to === undefined ? 'The key files are in the clear now.\n' : 'The key files open with the new passphrase now.\n')
    return undefined
  }
}

async function withProgress (context: CommandContext, what: string, work: (onProgress: (progress: BackupProgress) => void) => Promise<BackupSummary>): Promise<BackupSummary> {
  const line = createProgressLine(context.io, { enabled: !context.output.json && context.options.quiet !== true })
  try {
    return await work(({ bytes, totalBytes }) => { line.update(`${what}: ${(bytes / 1e6).toFixed(1)} MB${totalBytes === undefined ? '' : ` of ${(totalBytes / 1e6).toFixed(1)} MB`}`) })
  } finally {
    line.end()
  }
}

async function backupPassphrase ({ io }: CommandContext, { backupPassphraseFile: file }: Record<string, unknown>): Promise<string> {
  const passphrase = file === undefined ? io.env['PARLEY_BACKUP_PASSPHRASE'] : await readPassphrase(io, file as string)
  if (passphrase === undefined) throw new UsageError('Say the passphrase of the backup with --backup-passphrase-file, or PARLEY_BACKUP_PASSPHRASE')
  return passphrase
}

function reported (summary: BackupSummary): Record<string, unknown> {
  return { ...summary, created: new Date(summary.created).toISOString() }
}

function told ({ keys, entries, blocks, sizeBytes }: BackupSummary): string {
  return `${keys} keys, ${entries} records, ${blocks} blocks, ${(sizeBytes / 1e6).toFixed(1)} MB`
}
