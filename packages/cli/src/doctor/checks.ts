import { checkFolder } from './folder.ts'
import type { Check } from './finding.ts'
import { checkIdentity } from './identity.ts'
import { checkConversations, checkHome } from './keeping.ts'
import { checkContacts, checkProxies } from './reach.ts'

/** Everything that `parley doctor` looks at, in the order in which it tells. */
export const checks: Array<{ about: string, run: Check }> = [
  { about: 'the data folder', run: checkFolder },
  { about: 'this device', run: checkIdentity },
  { about: 'the home log', run: checkHome },
  { about: 'conversations', run: checkConversations },
  { about: 'your proxies', run: checkProxies },
  { about: 'your contacts', run: checkContacts }
]
