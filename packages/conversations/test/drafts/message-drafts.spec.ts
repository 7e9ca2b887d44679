import { cidOf, silentLogger } from '@parley/core'
import { expect } from 'chai'
import { createMessageDrafts, type MessageDraft } from '../../src/index.ts'
import { bytes, until } from '../home/support.ts'
import { nameOfRejection } from '../log/world.ts'
import { createScene, meetAtHome } from '../private/support.ts'

const conversation = cidOf(bytes('a conversation'))

describe('a text that was not sent', () => {
  it('is on all devices, one for each conversation, until it is sent', async () => {
    const { phone, tablet } = await createScene()
    const here = createMessageDrafts({ home: await phone.conversations.home(), logger: silentLogger })
    const there = createMessageDrafts({ home: await tablet.conversations.home(), logger: silentLogger })
    const told: Array<MessageDraft | undefined> = []
    there.on('changed', ({ draft }) => { told.push(draft) })
    await here.set(conversation, { body: 'I was about', format: 'markdown', parent: new Uint8Array(16), part: { from: 1, to: 4 } })
    await here.set(conversation, { body: 'I was about to' })
    await meetAtHome(phone, tablet)
    await until(() => told.length > 0)
    expect(told.at(-1)).to.deep.equal({ body: 'I was about to' })
    expect(await there.get(conversation)).to.deep.equal({ body: 'I was about to' })
    await there.set(conversation, undefined)
    expect(await there.get(conversation)).to.equal(undefined)
    there.stop()
    await here.set(cidOf(bytes('another')), { body: 'x' })
    expect(await here.get(conversation)).to.deep.equal({ body: 'I was about to' })
  })

  it('is refused where it is too long', async () => {
    const { phone } = await createScene()
    const drafts = createMessageDrafts({ home: await phone.conversations.home(), logger: silentLogger })
    expect(await nameOfRejection(drafts.set(conversation, { body: 'x'.repeat(16_385) }))).to.equal('InvalidBytesError')
  })

  it('is none where its record is damaged', async () => {
    const { phone } = await createScene()
    const home = await phone.conversations.home()
    await home.put('texts', conversation.toString(), bytes('no record'))
    expect(await createMessageDrafts({ home, logger: silentLogger }).get(conversation)).to.equal(undefined)
  })
})
