import { decodeContactCard, rolesOf, type DeviceList, type Did, type People } from '@parley/identity'
import { START_MS, type Timeline } from './timeline.ts'

/** What one replica knows of people: lists that were read once for the whole world. */
export interface Directory {
  readonly people: People
  learn(list: DeviceList): void
}

export function createDirectory ({ timeline }: { timeline: Timeline }): Directory {
  const lists = new Map<Did, DeviceList>()
  const personsOf = async (device: Did): Promise<Did[]> => [...lists.values()].filter(list => rolesOf(list, device, START_MS + timeline.now()).length > 0).map(({ person }) => person)
  return {
    learn (list) { lists.set(list.person, list) },
    people: {
      on: () => () => {},
      learnCard: async bytes => await decodeContactCard(bytes),
      async learnList () { throw new RangeError('nobody sends lists here') },
      list: async person => lists.get(person),
      card: async () => undefined,
      personOf: async device => (await personsOf(device))[0],
      personsOf,
      routes: async () => [],
      learnRoutes: async () => {}
    }
  }
}
