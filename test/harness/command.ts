import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { cleanEnvironment } from './parley-process.ts'

const BIN = fileURLToPath(new URL('../../packages/cli/bin/parley.mjs', import.meta.url))

/** What a command said when it was over. */
export interface Said {
  code: number | string
  out: string
  err: string
  /** The last line of `out` as JSON. */
  json<T = Record<string, unknown>>(): T
}

/** Runs `parley` exactly as given to its end, with `input` on standard input. */
export async function command (args: string[], { env = {}, input = '', cwd }: { env?: Record<string, string>, input?: string | Uint8Array, cwd?: string } = {}): Promise<Said> {
  const child = spawn(process.execPath, [BIN, ...args], { env: { ...cleanEnvironment(), ...env }, stdio: ['pipe', 'pipe', 'pipe'], ...(cwd === undefined ? {} : { cwd }) })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => { out += text })
  child.stderr.setEncoding('utf8').on('data', (text: string) => { err += text })
  // A command that does not read its input may be gone before all of it is written.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const code = await new Promise<number | string>(resolve => { child.on('close', (exit, signal) => { resolve(exit ?? signal ?? 'unknown') }) })
  return { code, out, err, json: <T>() => JSON.parse(out.trim().split('\n').at(-1) ?? '') as T }
}
