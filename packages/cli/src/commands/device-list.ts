import type { CommandDefinition } from '../command.ts'
import { UsageError } from '../errors.ts'
import { moment, table } from '../output.ts'
import { createQuestions } from '../questions.ts'

export const deviceList: CommandDefinition = {
  usage: 'device list',
  summary: 'list your devices and proxies: roles, when they were added and last seen',
  options: [{ flags: '--history', description: 'list who changed the list instead, and which changes count' }],
  examples: ['parley device list', 'parley device list --history'],
  async action ({ output, withParley }, _args, { history }) {
    await withParley(async parley => {
      const devices = await parley.devices.list()
      if (history === true) {
        const names = new Map(devices.map(({ device, name }) => [device, name]))
        const changes = await parley.devices.history()
        const who = (did: string): string => did === parley.person ? 'your recovery phrase' : names.get(did) ?? did
        output.result(changes.map(change => ({ ...change, at: new Date(change.at).toISOString() })), table(['WHEN', 'BY', 'WHAT', 'DEVICE', ''], changes.map(({ at, author, kind, device, counts, why }) =>
          [moment(at), who(author), kind, device === undefined ? '' : who(device), counts ? '' : `has no effect: ${why ?? ''}`])))
        return
      }
      output.result(
        devices.map(device => ({ ...device, added: new Date(device.added).toISOString(), ...(device.revoked === undefined ? {} : { revoked: new Date(device.revoked).toISOString() }), ...(device.lastSeen === undefined ? {} : { lastSeen: new Date(device.lastSeen).toISOString() }) })),
        table(['NAME', 'PLATFORM', 'ROLES', 'ADDED', 'LAST SEEN', 'DID'], devices.map(({ name, platform, roles, added, revoked, lastSeen, isThis, device }) =>
          [`${name}${isThis ? ' (this one)' : ''}`, platform, revoked === undefined ? roles.join(', ') : `removed ${moment(revoked)}`, moment(added), lastSeen === undefined ? '' : moment(lastSeen), device]))
      )
    })
    return undefined
  }
}

export const deviceRename: CommandDefinition = {
  usage: 'device rename <device> <name>',
  summary: 'call a device of yours by another name',
  examples: ['parley device rename "this computer" Laptop'],
  async action ({ output, withParley }, [which = '', name = '']) {
    await withParley(async parley => {
      const { device } = await parley.devices.find(which)
      await parley.devices.rename(device, name)
      output.result({ device, name }, `${device} is called ${name} now\n`)
    })
    return undefined
  }
}

export const deviceRemove: CommandDefinition = {
  usage: 'device remove <device>',
  summary: 'take a device\'s rights for good: a lost phone, a proxy you gave up',
  options: [{ flags: '--yes', description: 'do not ask' }],
  examples: ['parley device remove Phone', 'parley device remove did:key:z6Mk… --yes'],
  async action ({ io, output, withParley }, [which = ''], { yes }) {
    await withParley(async parley => {
      const { device, name } = await parley.devices.find(which)
      if (yes !== true && !await createQuestions(io).confirm(`Remove ${name}? It cannot come back with its present key.`)) throw new UsageError('Nothing was removed')
      await parley.devices.remove(device)
      const { unreachable } = await parley.sync({ signal: io.signal })
      for (const { who, reason } of unreachable) output.say(`${who} will hear of it later: ${reason}`)
      output.result({ removed: device, unreachable }, `Removed ${name}. Others refuse it as soon as they hear of it.\n`)
    })
    return undefined
  }
}

export const deviceDelete: CommandDefinition = {
  usage: 'device delete <device>',
  summary: 'forget what a removed device was called; its key stays known, since what it signed stays valid',
  examples: ['parley device delete did:key:z6Mk…'],
  async action ({ output, withParley }, [which = '']) {
    await withParley(async parley => {
      const { device } = await parley.devices.find(which)
      await parley.devices.erase(device)
      await parley.sync()
      output.result({ deleted: device }, `Forgot what ${device} was called\n`)
    })
    return undefined
  }
}
