import { createMemoryNetworks } from '../src/memory-network.ts'
import { networkTests } from '../src/network-suite.ts'

networkTests('in memory', {
  create: async () => createMemoryNetworks()
})
