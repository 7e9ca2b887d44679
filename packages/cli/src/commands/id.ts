import { checkAnswers, checkQuestions, contactUrl, qrTerminal } from '@parley/identity'
import { systemRandom } from '@parley/core'
import { createIdentity } from 'parley/node'
import { accountName, makeDataFolder } from '../data-folder.ts'
import type { CommandContext, CommandDefinition } from '../command.ts'
import { table } from '../output.ts'
import { phraseText } from '../phrase-text.ts'
import { createQuestions } from '../questions.ts'

export const idCreate: CommandDefinition = {
  usage: 'id create',
  summary: 'make a new person and their first device in the data folder',
  options: [
    { flags: '--name <name>', description: 'your name, as others see it (default: that of your account)' },
    { flags: '--device-name <name>', description: 'name of this device', default: 'this computer' },
    { flags: '--keep-person-key', description: 'write your own key beside the device\'s: whoever gets at the folder is then you' },
    { flags: '--no-check', description: 'do not ask for some of the words of the recovery phrase' }
  ],
  examples: ['parley id create --name Alice', 'parley id create --name Alice --passphrase-file ~/.parley-passphrase'],
  usesDevice: false,
  async action (context, _args, { name, deviceName, keepPersonKey, check }) {
    const { io, folder, output, passphrase } = context
    await makeDataFolder(folder.root)
    const identity = await createIdentity(folder.root, {
      name: (name as string | undefined) ?? accountName(),
      deviceName: deviceName as string,
      passphrase: await passphrase(),
      keepPersonKey: keepPersonKey === true
    })
    output.result(identity, [
      `You are ${identity.name}.`,
      `DID     ${identity.person}`,
      `Device  ${identity.device}`,
      `Folder  ${folder.root}`,
      '',
      phraseText(identity.phrase)
    ].join('\n'))
    if (check !== false && io.stdinIsTerminal && io.stderrIsTerminal && !output.json) await checkBack(context, identity.phrase)
    return undefined
  }
}

/** Asks for some of the words, until they are right: a phrase with an error in it is found out too late otherwise. */
export async function checkBack ({ io }: CommandContext, phrase: string): Promise<void> {
  const questions = createQuestions(io)
  io.err('To be sure that you have it, some of its words are asked for now. Ctrl-C skips this.\n')
  const positions = checkQuestions(phrase, systemRandom)
  for (;;) {
    const answers: string[] = []
    for (const position of positions) answers.push(await questions.ask(`Word ${position}: `))
    const wrong = checkAnswers(phrase, positions, answers)
    if (wrong.length === 0) {
      io.err('Right.\n')
      return
    }
    io.err(`Word ${wrong.join(' and word ')} was another one. Look at what you wrote down, and try again.\n`)
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
        { did: parley.person, name: list.name, device: parley.device, changes: list.size, devices },
        `${list.name}\n${parley.person}\n\n` + table(['DEVICE', 'ROLES', 'DID'], devices.map(({ device, name, roles, revoked, thisDevice }) =>
          [`${name}${thisDevice ? ' (this one)' : ''}`, revoked ? 'revoked' : roles.join(', '), device]))
      )
    })
    return undefined
  }
}

export const idName: CommandDefinition = {
  usage: 'id name <name>',
  summary: 'change the name by which you are shown to others',
  examples: ['parley id name "Alice Example"'],
  async action ({ output, withParley }, [name = '']) {
    await withParley(async parley => {
      await parley.setName(name)
      await parley.sync().catch(() => undefined)
      output.result({ did: parley.person, name }, `You are ${name} now.\n`)
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
