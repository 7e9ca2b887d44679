import type { HistoryProgress } from '@parley/conversations'
import type { CommandContext } from './command.ts'
import { createProgressLine } from './progress.ts'

const WORDS: Record<HistoryProgress['step'], string> = { reading: 'Reading', judging: 'Checking', contents: 'Reading contents', writing: 'Writing', merging: 'Taking in' }

/** Shows how far a task of many blocks is while `work` goes on. */
export async function withHistoryProgress<T> ({ io, output, options }: CommandContext, work: (onProgress: (progress: HistoryProgress) => void) => Promise<T>): Promise<T> {
  const line = createProgressLine(io, { enabled: !output.json && options.quiet !== true })
  try {
    return await work(({ step, done, total }) => { line.update(`${WORDS[step]}: ${total === 0 ? 100 : Math.floor(done / total * 100)} %`) })
  } finally {
    line.end()
  }
}
