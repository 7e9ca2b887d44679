import { qrTerminal, ROLES, type Role } from '@parley/identity'
import type { PairingOffer, PairingSession } from 'parley'
import { joinPerson, openParley } from 'parley/node'
import { makeDataFolder } from '../data-folder.ts'
import type { CommandContext, CommandDefinition } from '../command.ts'
import { UsageError } from '../errors.ts'
import { createLogger } from '../log.ts'
import { createQuestions, type Questions } from '../questions.ts'

const LOOPBACK_AND_LAN = ['/ip4/0.0.0.0/tcp/0']

export const devicePair: CommandDefinition = {
  usage: 'device pair [code]',
  summary: 'add a device of yours: show it a code, or read the code that it shows',
  options: [{ flags: '--no-qr', description: 'print the code without its QR code' }],
  examples: ['parley device pair', 'parley device pair parley:pair/1/uqfa…'],
  async action (context, [code], { qr }) {
    const { io, output, withParley } = context
    const questions = createQuestions(io)
    await withParley(async parley => {
      const session = code === undefined
        ? await shown(context, await parley.devices.offerPairing({ signal: io.signal }), { qr: qr !== false, hint: 'On the new device: parley device join, with this code' })
        : await parley.devices.acceptPairing(code, { signal: io.signal })
      await compare(context, questions, session)
      const { record } = await session.done
      const { unreachable } = await parley.sync({ signal: io.signal })
      for (const { who, reason } of unreachable) output.say(`${who} will hear of it later: ${reason}`)
      output.event({ event: 'paired', device: record.device, name: record.name, roles: record.roles })
      if (!output.json) output.result(record, `${record.name} is a device of yours now.\n`)
    })
    return undefined
  }
}

export const deviceJoin: CommandDefinition = {
  usage: 'device join [code]',
  summary: 'make this empty folder a device of somebody who has one already',
  options: [
    { flags: '--device-name <name>', description: 'name of this device', default: 'this computer' },
    { flags: '--roles <roles>', description: 'what the device asks to be, with commas between: endpoint, admin, listener', default: 'endpoint,admin' },
    { flags: '--no-qr', description: 'print the code without its QR code' }
  ],
  examples: ['parley device join parley:pair/1/uqfa…', 'parley device join --device-name Phone'],
  usesDevice: false,
  async action (context, [code], { deviceName, roles, qr }) {
    const { io, folder, output, options, passphrase } = context
    const questions = createQuestions(io)
    await makeDataFolder(folder.root)
    const logger = createLogger(io, { verbose: options.verbose === true })
    const joining = await joinPerson(folder.root, {
      deviceName: deviceName as string,
      passphrase: await passphrase(),
      roles: rolesIn(roles as string),
      listen: options.listen ?? (code === undefined ? LOOPBACK_AND_LAN : []),
      clock: io.clock,
      logger
    })
    let person: string
    try {
      const session = code === undefined
        ? await shown(context, await joining.showCode({ signal: io.signal }), { qr: qr !== false, hint: 'On a device that you have: parley device pair, with this code' })
        : await joining.takeCode(code, { signal: io.signal })
      await compare(context, questions, session)
      ;({ person } = await session.done)
    } finally {
      await joining.stop()
    }
    // The first look at the proxies brings what there is; a device that is off line gets it later.
    const parley = await openParley(folder.root, { passphrase: await passphrase(), logger, clock: io.clock })
    try {
      const { unreachable } = await parley.sync({ signal: io.signal })
      for (const { who, reason } of unreachable) output.say(`${who} could not be reached: ${reason}`)
      const name = (await parley.deviceList()).name
      output.event({ event: 'joined', person, device: parley.device, name })
      if (!output.json) output.result({ person, device: parley.device, name }, `This is a device of ${name} now: ${person}\n`)
    } finally {
      await parley.stop()
    }
    return undefined
  }
}

async function shown <T> ({ output }: CommandContext, offer: PairingOffer<T>, { qr, hint }: { qr: boolean, hint: string }): Promise<PairingSession<T>> {
  output.event({ event: 'code', url: offer.url, expires: new Date(offer.expires).toISOString() }, `${qr ? `${qrTerminal(offer.url.toUpperCase())}\n` : ''}${offer.url}\n\n${hint}.`)
  return await offer.waiting
}

/** Whoever stands between two devices cannot make both screens show the same. */
async function compare ({ io, output }: CommandContext, questions: Questions, session: PairingSession<unknown>): Promise<void> {
  const { sas: { digits, words }, peer } = session
  output.event({ event: 'compare', digits, words, peer: { device: peer.device, name: peer.name, platform: peer.platform, roles: peer.roles, ...(peer.person === undefined ? {} : { person: peer.person }) } },
    `${peer.name} (${peer.platform})${session.side === 'existing' ? ` asks to be: ${peer.roles.join(', ')}` : ''}\n\n    ${digits}    ${words.join(' ')}\n`)
  const refuse = (): void => { session.refuse('the person said no') }
  io.signal.addEventListener('abort', refuse, { once: true })
  try {
    if (await questions.confirm('Do both screens show the same?')) session.confirm()
    else {
      refuse()
      throw new UsageError('The devices were not paired')
    }
  } catch (error) {
    refuse()
    // What became of the session is known already.
    session.done.catch(() => {})
    throw error
  }
}

function rolesIn (text: string): Role[] {
  const roles = text.split(',').map(role => role.trim()).filter(Boolean)
  const unknown = roles.find(role => !(ROLES as readonly string[]).includes(role))
  if (unknown !== undefined || roles.length === 0) throw new UsageError(`--roles takes ${ROLES.join(', ')}, with commas between, not ${JSON.stringify(text)}`)
  return roles as Role[]
}
