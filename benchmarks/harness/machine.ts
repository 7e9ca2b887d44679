import { cpus, loadavg } from 'node:os'

/** Prints what the figures were taken on; a load above the number of processors makes them worthless. */
export function printMachine (): void {
  const processors = cpus()
  console.log(`${processors.length} x ${processors[0]?.model ?? 'unknown'}, Node ${process.version}, load ${loadavg().map(value => value.toFixed(1)).join(' ')}`)
}
