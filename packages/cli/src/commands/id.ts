import { contactUrl, qrTerminal } from '@parley/identity'
import { createIdentity } from 'parley/node'
import { accountName, makeDataFolder } from '../data-folder.ts'
import type { CommandDefinition } from '../command.ts'
import { table } from '../output.ts'

export const idCreate: CommandDefinition = {
  usage: 'id create',
  summary: 'make a new person and their first device in the data folder',
  options: [
    { flags: '--name <name>', description: 'your name, as others see it (default: that of your account)' },
    { flags: '--device-name <name>', description: 'name of this device', default: 'this computer' }
  ],
  examples: ['parley id create --name Alice', 'parley id create --name Alice --passphrase-file ~/.parley-passphrase'],
  usesDevice: false,
  async action ({ folder, output, passphrase }, _args, { name, deviceName }) {
    await makeDataFolder(folder.root)
    const identity = await createIdentity(folder.root, {
      name: (name as string | undefined) ?? accountName(),
      deviceName: deviceName as string,
      passphrase: await passphrase()
    })
    output.result(identity, `You are ${identity.name}.\nDID     ${identity.person}\nDevice  ${identity.device}\nFolder  ${folder.root}\n`)
    return undefined
  }
}

export const idShow: CommandDefinition = {
  usage: 'id show',
  summary: 'show who you are and which devices are yours',
  examples: ['parley id show', 'parley id show --json'],
  async action ({ output, withParley }) {
    await withParley(async parley => {
      const list = await parley.deviceList()
      const devices = list.devices.map(({ device, name, platform, roles, revoked }) => ({ device, name, platform, roles, revoked: revoked !== undefined, thisDevice: device === parley.device }))
      output.result(
        { did: parley.person, name: list.name, device: parley.device, sequence: list.sequence, devices },
        `${list.name}\n${parley.person}\n\n` + table(['DEVICE', 'ROLES', 'DID'], devices.map(({ device, name, roles, revoked, thisDevice }) =>
          [`${name}${thisDevice ? ' (this one)' : ''}`, revoked ? 'revoked' : roles.join(', '), device]))
      )
    })
    return undefined
  }
}

export const idCard: CommandDefinition = {
  usage: 'id card',
  summary: 'print your contact card: a URL and its QR code to give to others',
  options: [{ flags: '--no-qr', description: 'print the URL only' }],
  examples: ['parley id card', 'parley id card --json'],
  async action ({ output, withParley }, _args, { qr }) {
    await withParley(async parley => {
      const card = await parley.card()
      const url = contactUrl(card)
      if (card.routes.length === 0) output.say('Nobody can reach you by this card: it names no address. Start a proxy first: parley proxy start')
      output.result(
        { url, did: parley.person, name: card.list.name, expires: new Date(card.expires).toISOString(), routes: card.routes },
        qr === false ? url : `${qrTerminal(url.toUpperCase())}\n${url}\n`
      )
    })
    return undefined
  }
}
