import { Command, CommanderError } from 'commander'
import type { CommandDefinition, GlobalOptions } from './command.ts'

/** What a command line asks for. */
export interface Request {
  definition: CommandDefinition
  args: string[]
  options: Record<string, unknown> & GlobalOptions
}

const EXIT_CODES = `
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 nobody could be
reached, 5 kept on this device for later, 6 the disk, 130 interrupted.`

/** Builds the command tree; `found` is called with what the command line asks for. */
export function createProgram (definitions: CommandDefinition[], version: string, write: { out(text: string): void, err(text: string): void }, found: (request: Request) => void): Command {
  const program = new Command('parley')
    .description('Call people by their DID. When nobody is home, what you say is the next message of your conversation.')
    .version(version, '-V, --version', 'print the version')
    .addHelpText('after', `
Examples:
  $ parley proxy start                      run your always-on node
  $ parley contact add parley:contact/1/…   add somebody
  $ parley call Bob --audio hello.wav       speak to Bob, at home or not
  $ parley inbox                            see what was said to you
${EXIT_CODES}`)
  configure(program, write)
  const groups = new Map<string, Command>()
  for (const definition of definitions) {
    const [first = '', ...rest] = definition.usage.split(' ')
    const nested = rest[0] !== undefined && !/^[<[]/.test(rest[0])
    const parent = nested ? groups.get(first) ?? group(program, first, groups, write) : program
    const command = parent.command((nested ? rest : [first, ...rest]).join(' ')).description(definition.summary)
    configure(command, write)
    for (const option of definition.options ?? []) {
      command.option(option.flags, option.description, option.default)
    }
    globals(command)
    command.addHelpText('after', `\nExamples:\n${definition.examples.map(example => `  $ ${example}`).join('\n')}\n`)
    command.action((...received: unknown[]) => {
      const args = (received.slice(0, -2) as Array<string | string[] | undefined>).flat().filter((arg): arg is string => arg !== undefined)
      found({ definition, args, options: command.opts() })
    })
  }
  return program
}

function group (program: Command, name: string, groups: Map<string, Command>, write: Parameters<typeof configure>[1]): Command {
  const summaries: Record<string, string> = {
    id: 'your identity: who you are and what you give to others',
    contact: 'the people you know',
    group: 'names of your own for several contacts',
    request: 'first messages of people you do not know',
    policy: 'what people you do not know may do',
    profile: 'what you and others tell of themselves',
    presence: 'how reachable you and others are now',
    proxy: 'the always-on node that stands in for you',
    device: 'this device',
    conversation: 'your conversations: read, write, decide who takes part',
    draft: 'conversations that are not published yet'
  }
  const command = program.command(name).description(summaries[name] ?? name)
  configure(command, write)
  groups.set(name, command)
  return command
}

function configure (command: Command, write: { out(text: string): void, err(text: string): void }): void {
  command.exitOverride().showSuggestionAfterError().showHelpAfterError('(add --help for the options and examples)')
    .configureOutput({ writeOut: write.out, writeErr: write.err })
}

function globals (command: Command): void {
  command
    .option('--data <folder>', 'data folder (default: PARLEY_DATA, else the user\'s data home)')
    .option('--json', 'print JSON: one object, or one a line for what goes on')
    .option('--quiet', 'print results only')
    .option('--verbose', 'print what happens inside, to standard error')
    .option('--passphrase-file <file>', 'file with the passphrase of the key files (or PARLEY_PASSPHRASE)')
    .option('--listen <multiaddr...>', 'addresses to listen on, for example /ip4/127.0.0.1/tcp/0')
}

export { CommanderError }
