import { silentLogger } from '@parley/core'
import { networkTests } from '../src/network-suite.ts'
import { createNetwork, type Network } from '@parley/network'

for (const [name, listen] of [['TCP on loopback', '/ip4/127.0.0.1/tcp/0'], ['WebSocket on loopback', '/ip4/127.0.0.1/tcp/0/ws']] as const) {
  networkTests(`libp2p over ${name}`, {
    async create () {
      const networks: Network[] = []
      return {
        async join (seed, init) {
          const network = await createNetwork({ store: init.store, logger: silentLogger }, { seed, hub: init.hub, listen: init.listen ? [listen] : [] })
          networks.push(network)
          return network
        },
        async stop () { await Promise.all(networks.map(async network => { await network.stop() })) }
      }
    }
  })
}
