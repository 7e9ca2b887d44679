import { spawn } from 'node:child_process'

/** A step of the set-up that failed, with what a person can do about it. */
export class SetupError extends Error {
  constructor (message, remedy) {
    super(message)
    this.remedy = remedy
  }
}

/** Prints one plain line about what the set-up does. */
export function say (line) {
  console.log(`setup: ${line}`)
}

/** Runs a command on this terminal and returns its exit code; signals to us go on to it. */
export async function runToEnd (command, args, options = {}) {
  const child = spawn(command, args, { stdio: 'inherit', ...options })
  const forward = signal => { child.kill(signal) }
  // A terminal sends SIGINT to the child as well: only outlive it here.
  const wait = () => {}
  process.on('SIGTERM', forward).on('SIGHUP', forward).on('SIGINT', wait)
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', (code, signal) => { resolve(code ?? (signal === 'SIGINT' ? 130 : 143)) })
    })
  } finally {
    process.off('SIGTERM', forward).off('SIGHUP', forward).off('SIGINT', wait)
  }
}
