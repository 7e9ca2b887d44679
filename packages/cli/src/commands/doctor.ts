import { raceSignal } from '@parley/core'
import type { CommandContext, CommandDefinition } from '../command.ts'
import { checks, machineChecks } from '../doctor/checks.ts'
import { failure, ok, warning, type Finding, type Patient } from '../doctor/finding.ts'
import { judgeOpening } from '../doctor/storage.ts'
import { EXIT } from '../io.ts'
import { createProgressLine } from '../progress.ts'
import { version } from '../version.ts'

const MARKS: Record<Finding['standing'], string> = { ok: 'ok     ', warning: 'warning', failure: 'FAILURE' }
/** When nobody is asked any more, and when nothing is waited for. */
const ASKING_MS = 17_000
const LOOKING_MS = 20_000

export const doctor: CommandDefinition = {
  usage: 'doctor',
  summary: 'look whether keys, clock, disk, proxies and contacts are in order, and say what to do',
  options: [{ flags: '--offline', description: 'contact nobody' }],
  examples: ['parley doctor', 'parley doctor --offline', 'parley doctor --json'],
  async action (context, _args, { offline }) {
    const { output } = context
    const findings = [ok('parley', `version ${version}`), ...await lookAtAll(context, offline === true)]
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

/** Looks at the machine, then, where it can be opened, at the device. */
async function lookAtAll (context: CommandContext, isOffline: boolean): Promise<Finding[]> {
  const { io, output, options, folder, withParley } = context
  const line = createProgressLine(io, { enabled: !output.json && options.quiet !== true })
  const [asking, looking] = [createDeadline(io, ASKING_MS), createDeadline(io, LOOKING_MS)]
  const findings: Finding[] = []
  const look = async (about: string, run: () => Promise<Finding[]>): Promise<void> => {
    line.update(`Looking at ${about} …`)
    // What one check cannot find out keeps no other from looking.
    findings.push(...await raceSignal(run(), looking.signal).catch((error: unknown) => {
      io.signal.throwIfAborted()
      return [looking.signal.aborted ? warning(about, 'There was no time left to look', 'parley doctor again, or with --offline') : failure(about, (error as Error).message, 'parley doctor --verbose says more')]
    }))
  }
  let isOpen = false
  try {
    for (const { about, run } of machineChecks) await look(about, async () => await run(context))
    await withParley(async parley => {
      isOpen = true
      const patient: Patient = { context, parley, isOffline, signal: asking.signal, offsets: [] }
      for (const { about, run } of checks) await look(about, async () => await run(patient))
    }, { offline: isOffline }).catch((error: unknown) => {
      io.signal.throwIfAborted()
      if (isOpen) throw error
      findings.push(judgeOpening(error as Error, folder.root))
    })
  } finally {
    for (const deadline of [asking, looking]) deadline.cancel()
    line.end()
  }
  return findings
}

function createDeadline ({ clock, signal }: CommandContext['io'], afterMs: number): { signal: AbortSignal, cancel(): void } {
  const over = new AbortController()
  const cancel = clock.setTimer(() => { over.abort(new DOMException('The time for looking is over', 'AbortError')) }, afterMs)
  return { signal: AbortSignal.any([over.signal, signal]), cancel }
}
