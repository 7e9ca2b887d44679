import type { CommandDefinition } from '../command.ts'
import { checks } from '../doctor/checks.ts'
import { failure, ok, warning, type Finding } from '../doctor/finding.ts'
import { EXIT } from '../io.ts'
import { createProgressLine } from '../progress.ts'
import { version } from '../version.ts'

const MARKS: Record<Finding['standing'], string> = { ok: 'ok     ', warning: 'warning', failure: 'FAILURE' }

export const doctor: CommandDefinition = {
  usage: 'doctor',
  summary: 'look whether keys, clock, disk, proxies and contacts are in order, and say what to do',
  options: [{ flags: '--offline', description: 'contact nobody' }],
  examples: ['parley doctor', 'parley doctor --offline', 'parley doctor --json'],
  async action (context, _args, { offline }) {
    const { io, output, options, withParley } = context
    const line = createProgressLine(io, { enabled: !output.json && options.quiet !== true })
    const findings: Finding[] = [ok('parley', `version ${version}`)]
    await withParley(async parley => {
      const encrypted = await context.passphrase() !== undefined
      findings.push(encrypted ? ok('passphrase', 'the key files are encrypted') : warning('passphrase', 'The key files are in the clear: whoever gets at the folder has your keys', 'parley id passphrase --new-passphrase-file FILE'))
      for (const { about, run } of checks) {
        line.update(`Looking at ${about} …`)
        // What one check cannot find out keeps no other from looking.
        findings.push(...await run({ context, parley, isOffline: offline === true }).catch((error: unknown) => {
          io.signal.throwIfAborted()
          return [failure(about, (error as Error).message, 'parley doctor --verbose says more')]
        }))
      }
    }).finally(() => { line.end() })
    const failures = findings.filter(({ standing }) => standing === 'failure').length
    const warnings = findings.filter(({ standing }) => standing === 'warning').length
    const summary = failures + warnings === 0 ? 'Everything is in order.' : `${failures} failures, ${warnings} warnings.`
    output.result({ failures, warnings, findings }, [
      ...findings.flatMap(({ standing, check, words, remedy }) => [`${MARKS[standing]}  ${check}: ${words}`, ...(remedy === undefined ? [] : [`         → ${remedy}`])]),
      '',
      summary,
      ''
    ].join('\n'))
    return failures > 0 ? EXIT.failed : EXIT.ok
  }
}
