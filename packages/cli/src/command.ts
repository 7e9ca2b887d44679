import type { Command as Commander } from 'commander'
import type { Parley } from 'parley'
import type { DataFolder } from './data-folder.ts'
import type { Io } from './io.ts'
import type { Output } from './output.ts'

/** Options that every command takes. */
export interface GlobalOptions {
  data?: string
  json?: boolean
  quiet?: boolean
  verbose?: boolean
  passphraseFile?: string
  listen?: string[]
}

/** What a command works with. */
export interface CommandContext {
  readonly io: Io
  readonly folder: DataFolder
  readonly options: GlobalOptions
  readonly output: Output
  /** True in the process that keeps the device on line: what is set there lasts longer than the command. */
  readonly isOwner: boolean
  passphrase(): Promise<string | undefined>
  /**
   * Runs `use` with the person's device: the one this process owns already, or
   * one opened for this command alone and closed after it; `offline` opens
   * one that contacts nobody.
   */
  withParley<T>(use: (parley: Parley) => Promise<T>, options?: { offline?: boolean }): Promise<T>
}

/**
 * What an action returns: its exit code, or nothing for 0. `attached` actions
 * run in the process that owns the data folder, when there is one.
 */
export type CommandAction = (context: CommandContext, args: string[], options: Record<string, unknown>) => Promise<number | undefined>

/** One command of the list in `commands/index.ts`. */
export interface CommandDefinition {
  /** Words and arguments as commander writes them, for example `contact add <card>`. */
  usage: string
  summary: string
  options?: Array<{ flags: string, description: string, default?: string | string[] | boolean }>
  examples: string[]
  /** False for commands that never touch the device's store, such as a proxy's. @default true */
  usesDevice?: boolean
  action: CommandAction
}

export type { Commander }
