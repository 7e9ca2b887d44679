// Asks for /status.json once a second while somebody looks, and shows it.
import { byId, clockTime, create, follow, inBytes, inWords, setText } from './elements.js'

const EVERY_MS = 1000
const PATIENCE_MS = 5000
/** Lengths that the bar of a capture is drawn against, in seconds. */
const SCALES = [15, 30, 60, 120, 300, 600, 1800, 3600]
const STATES = { recording: 'recording', paused: 'waiting for the caller', complete: 'complete', 'cut-off': 'cut off' }

let timer
let shownContact
/** Captures as last heard, and when: their time goes on between two answers. */
let captures = []
let heardAt = 0

async function refresh () {
  clearTimeout(timer)
  if (document.hidden) return
  try {
    const response = await fetch('/status.json', { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MS) })
    if (!response.ok) throw new Error((await response.json()).detail)
    show(await response.json())
    setHealth('running', 'Running')
  } catch (error) {
    setHealth('lost', error instanceof TypeError || error.name === 'TimeoutError' ? 'Not answering' : 'In trouble')
    captures = captures.map(capture => ({ ...capture, state: 'paused' }))
  }
  clearTimeout(timer)
  timer = setTimeout(() => { void refresh() }, EVERY_MS)
}

function setHealth (state, words) {
  const pill = byId('health')
  if (pill.dataset.state !== state && state === 'lost') announce(`The node is ${words.toLowerCase()}.`)
  pill.dataset.state = state
  setText(pill, words)
}

function announce (words) {
  byId('announcement').textContent = words
}

function show (status) {
  document.title = `${status.captures.length > 0 ? '● ' : ''}${status.name} – Parley node`
  setText(byId('name'), `${status.name}’s node`)
  setText(byId('uptime'), `up for ${inWords(Date.now() - status.startedAt)}`)
  for (const field of ['device', 'version']) setText(byId(field), status[field])
  setText(byId('person'), status.person ?? 'nobody yet')
  setText(byId('owner'), status.name)
  setText(byId('held'), status.messages.held.toLocaleString('en'))
  setText(byId('total'), status.messages.total.toLocaleString('en'))
  setText(byId('conversations'), status.conversations.toLocaleString('en'))
  showContact(status)
  showDisk(status.disk)
  showWarnings(status.warnings)
  showAddresses(status.addresses)
  showPeers(status.peers)
  showCaptures(status.captures)
}

function showContact ({ contactUrl, contactQrSvg, claimUrl }) {
  setText(byId('contact-url'), contactUrl ?? 'none until this node has an owner')
  byId('claim').hidden = claimUrl === undefined
  setText(byId('claim-url'), claimUrl ?? '')
  if (shownContact === contactQrSvg) return
  shownContact = contactQrSvg
  byId('qr-link').hidden = contactQrSvg === undefined
  if (contactQrSvg !== undefined) byId('qr').src = `/contact.svg?${Date.now()}`
}

function showDisk ({ folder, usedBytes, freeBytes }) {
  const meter = byId('disk')
  meter.value = usedBytes / Math.max(1, usedBytes + freeBytes)
  setText(byId('disk-words'), `${inBytes(usedBytes)} used, ${inBytes(freeBytes)} free`)
  setText(byId('folder'), folder)
}

function showWarnings (warnings) {
  byId('warnings').hidden = warnings.length === 0
  const list = byId('warning-list')
  const before = new Set([...list.children].map(child => child.dataset.key))
  follow(list, warnings, text => text, text => create('li', {}, text), () => {})
  const fresh = warnings.filter(text => !before.has(text))
  if (fresh.length > 0) announce(fresh.join(' '))
}

function showAddresses (addresses) {
  byId('no-addresses').hidden = addresses.length > 0
  follow(byId('addresses'), addresses, text => text, text => create('li', {}, create('code', {}, text)), () => {})
}

function showPeers (peers) {
  const table = byId('peers')
  table.hidden = peers.length === 0
  byId('no-peers').hidden = peers.length > 0
  setText(byId('peer-count'), String(peers.length))
  follow(table.tBodies[0], peers, ({ peer, address, direction }) => `${peer} ${address} ${direction}`,
    () => create('tr', {}, create('th', { scope: 'row' }), create('td', {}, create('code')), create('td')),
    (row, { peer, address, direction, name }) => {
      setText(row.cells[0], name ?? shortened(peer))
      row.cells[0].title = peer
      setText(row.cells[1].firstChild, address)
      setText(row.cells[2], direction)
    })
}

function showCaptures (next) {
  const before = new Set(captures.map(({ call }) => call))
  const after = new Set(next.map(({ call }) => call))
  const started = next.filter(({ call }) => !before.has(call)).map(capture => `${speaker(capture)} is speaking.`)
  const ended = captures.filter(({ call }) => !after.has(call)).map(capture => `The capture from ${speaker(capture)} ended.`)
  if (started.length + ended.length > 0) announce([...started, ...ended].join(' '))
  captures = next
  heardAt = performance.now()
  byId('no-captures').hidden = next.length > 0
  setText(byId('capture-count'), String(next.length))
  drawCaptures()
}

function buildCapture ({ from }) {
  const title = create('strong')
  title.id = `capture-${crypto.randomUUID()}`
  title.title = from
  return create('li', {}, create('span', { class: 'dot', 'aria-hidden': 'true' }), title,
    create('span', { class: 'state' }), create('span', { class: 'time' }),
    create('progress', { 'aria-labelledby': title.id }), create('span', { class: 'quiet detail' }))
}

function drawCaptures () {
  const ahead = Math.min(2 * EVERY_MS, performance.now() - heardAt)
  follow(byId('captures'), captures, ({ call }) => call, buildCapture, (item, capture) => {
    const durationMs = capture.durationMs + (capture.state === 'recording' ? ahead : 0)
    const scale = SCALES.find(seconds => seconds * 1000 > durationMs) ?? Math.ceil(durationMs / 3_600_000) * 3600
    const [, title, state, time, bar, detail] = item.children
    item.dataset.state = capture.state
    setText(title, speaker(capture))
    setText(state, STATES[capture.state])
    setText(time, clockTime(durationMs))
    bar.max = scale
    bar.value = durationMs / 1000
    setText(bar, clockTime(durationMs))
    setText(detail, `${capture.segments} segment${capture.segments === 1 ? '' : 's'} safe on disk · bar ends at ${clockTime(scale * 1000)}`)
  })
}

function speaker ({ from, fromName }) {
  return fromName ?? shortened(from)
}

function shortened (text) {
  return text.length <= 24 ? text : `${text.slice(0, text.startsWith('did:') ? 14 : 8)}…${text.slice(-6)}`
}

async function copy (button) {
  const words = button.textContent
  try {
    await navigator.clipboard.writeText(byId(button.dataset.copy).textContent)
    button.textContent = 'Copied'
    announce('Copied.')
  } catch {
    // Without the right to the clipboard, the text is at least ready to be copied by hand.
    getSelection().selectAllChildren(byId(button.dataset.copy))
    button.textContent = 'Selected: copy it now'
  }
  setTimeout(() => { button.textContent = words }, 2000)
}

document.addEventListener('click', event => {
  const button = event.target.closest('button[data-copy]')
  if (button !== null) void copy(button)
})
document.addEventListener('visibilitychange', () => { void refresh() })
setInterval(() => { if (!document.hidden && captures.length > 0) drawCaptures() }, 250)
void refresh()
