import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** What a process of a benchmark does when asked: arguments and results are what structured cloning carries. */
export type Role = Record<string, (...args: never[]) => unknown>

/** A process that plays a role. */
export interface Started<R extends Role> {
  /** Asks for one of its deeds and waits for the result. */
  ask<Name extends keyof R & string>(name: Name, ...args: Parameters<R[Name]>): Promise<Awaited<ReturnType<R[Name]>>>
  /** Processor time of the process so far, all threads, in milliseconds. */
  cpuMs(): Promise<number>
  /** Ends the process; resolves when it is gone. */
  end(): Promise<void>
  /** Kills the process at once, as a crash would. */
  kill(): Promise<void>
}

interface Question { id: number, name: string, args: unknown[] }
type Answer = { id: number, value: unknown } | { id: number, error: string }

const started = new Set<ChildProcess>()
process.once('exit', () => { for (const child of started) child.kill('SIGKILL') })
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { process.exit(130) })

/** Starts a process that plays the role of `file`, with the flags that this one was started with and `flags`. */
export async function startRole<R extends Role> (file: URL, flags: string[] = []): Promise<Started<R>> {
  const child = fork(fileURLToPath(file), [], { serialization: 'advanced', execArgv: [...process.execArgv, ...flags], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  started.add(child)
  const asked = new Map<number, { resolve: (value: unknown) => void, reject: (error: Error) => void }>()
  let next = 0
  const gone = new Promise<void>(resolve => {
    child.once('exit', (code, signal) => {
      started.delete(child)
      for (const { reject } of asked.values()) reject(new RangeError(`${file.pathname} ended with ${code ?? signal}`))
      asked.clear()
      resolve()
    })
  })
  const ask = async (name: string, ...args: unknown[]): Promise<unknown> => {
    const id = next++
    return await new Promise((resolve, reject) => {
      asked.set(id, { resolve, reject })
      child.send({ id, name, args } satisfies Question)
    })
  }
  child.on('message', (answer: Answer) => {
    const waiting = asked.get(answer.id)
    asked.delete(answer.id)
    if ('error' in answer) waiting?.reject(new RangeError(answer.error))
    else waiting?.resolve(answer.value)
  })
  return {
    ask: ask as Started<R>['ask'],
    cpuMs: async () => await ask('cpuMs') as number,
    async end () {
      child.disconnect()
      const timer = setTimeout(() => { child.kill('SIGKILL') }, 10_000)
      await gone
      clearTimeout(timer)
    },
    async kill () {
      child.kill('SIGKILL')
      await gone
    }
  }
}

/** Plays a role for the process that started this one, and ends with it. */
export function playRole (role: Role): void {
  const deeds: Record<string, (...args: never[]) => unknown> = { ...role, cpuMs }
  process.on('message', ({ id, name, args }: Question) => {
    const answer = (message: Answer): void => { process.send?.(message) }
    void (async () => await deeds[name]?.(...args as never[]))()
      .then(value => { answer({ id, value }) }, (error: unknown) => { answer({ id, error: error instanceof Error ? error.stack ?? error.message : String(error) }) })
  })
  process.once('disconnect', () => { process.exit(0) })
}

function cpuMs (): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** The time of the machine's monotonic clock, which all its processes share, in milliseconds. */
export function machineMs (): number {
  return Number(process.hrtime.bigint()) / 1e6
}
