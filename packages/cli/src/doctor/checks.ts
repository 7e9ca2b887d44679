import { checkAddresses } from './addresses.ts'
import { checkClock } from './clock.ts'
import type { Check, MachineCheck } from './finding.ts'
import { checkFolder } from './folder.ts'
import { checkIdentity } from './identity.ts'
import { checkConversations, checkHome } from './keeping.ts'
import { checkNode } from './node-version.ts'
import { checkContacts, checkProxies } from './reach.ts'
import { checkStorage } from './storage.ts'

/** What `parley doctor` looks at before it opens the device, in the order in which it tells. */
export const machineChecks: Array<{ about: string, run: MachineCheck }> = [
  { about: 'Node', run: checkNode },
  { about: 'the data folder', run: checkFolder }
]

/** What it looks at in the open device. */
export const checks: Array<{ about: string, run: Check }> = [
  { about: 'the store', run: checkStorage },
  { about: 'this device', run: checkIdentity },
  { about: 'the addresses', run: checkAddresses },
  { about: 'your proxies', run: checkProxies },
  { about: 'the home log', run: checkHome },
  { about: 'conversations', run: checkConversations },
  { about: 'your contacts', run: checkContacts },
  // By the clocks that the others showed.
  { about: 'the clock', run: checkClock }
]
