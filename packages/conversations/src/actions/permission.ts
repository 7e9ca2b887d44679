import { RANK } from '../log/access-view.ts'
import type { Permission } from './content.ts'

/** Says why somebody may not do what needs `least`, or returns undefined where they may. */
export function lacks (permission: Permission, least: Permission): string | undefined {
  return RANK[permission] >= RANK[least] ? undefined : `its author may only ${permission}`
}
