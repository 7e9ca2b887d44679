import { readFileSync, readdirSync, readlinkSync } from 'node:fs'

/** A socket as the kernel has it. */
export interface KernelSocket { protocol: string, local: string, remote: string, isListening: boolean }

/** Returns every Internet socket of some processes, from the kernel's own tables; undefined where it has none (Linux has). */
export function socketsOf (pids: number[]): KernelSocket[] | undefined {
  if (process.platform !== 'linux') return undefined
  const sockets: KernelSocket[] = []
  for (const pid of pids) {
    const inodes = new Set(inodesOf(pid))
    for (const protocol of ['tcp', 'tcp6', 'udp', 'udp6', 'raw', 'raw6']) {
      for (const line of linesOf(`/proc/${pid}/net/${protocol}`)) {
        const [, local = '', remote = '', state, , , , , , inode = ''] = line.trim().split(/\s+/)
        if (inodes.has(inode)) sockets.push({ protocol, local: address(local), remote: address(remote), isListening: state === '0A' || protocol.startsWith('udp') })
      }
    }
  }
  return sockets
}

function inodesOf (pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap(fd => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? []
      } catch {
        return []
      }
    })
  } catch {
    return []
  }
}

function linesOf (path: string): string[] {
  try {
    return readFileSync(path, 'utf8').trim().split('\n').slice(1)
  } catch {
    return []
  }
}

/** Writes `0100007F:1F90` as `127.0.0.1:8080`; an IPv6 address keeps its digits, in the kernel's order of words. */
function address (text: string): string {
  const [host = '', port = ''] = text.split(':')
  const dotted = host.length === 8 ? host.match(/../g)?.reverse().map(byte => Number.parseInt(byte, 16)).join('.') : `[${host}]`
  return `${dotted}:${Number.parseInt(port, 16)}`
}
