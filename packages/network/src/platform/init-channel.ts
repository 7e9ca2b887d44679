const FIXED = Symbol.for('parley.init-channel')

/**
 * Lets a WebRTC dial finish whose other end was quicker than its listeners.
 *
 * The dialler of @libp2p/webrtc 6 waits for `open` and then `close` of its
 * `init` data channel, and the listener closes that channel as soon as it
 * appears. When it is faster, neither event comes any more and about one dial
 * in five hangs. Here such a channel counts as open once it was, and its
 * `close` event comes even when it had closed before.
 */
export function keepInitChannelEvents (): void {
  const prototype: (RTCPeerConnection & { [FIXED]?: true }) | undefined = (globalThis as { RTCPeerConnection?: typeof RTCPeerConnection }).RTCPeerConnection?.prototype
  if (prototype === undefined || prototype[FIXED] === true) return
  prototype[FIXED] = true
  const create = prototype.createDataChannel
  prototype.createDataChannel = function (this: RTCPeerConnection, label: string, options?: RTCDataChannelInit): RTCDataChannel {
    const channel = create.call(this, label, options)
    return label === 'init' ? withLateEvents(channel) : channel
  }
}

function withLateEvents (channel: RTCDataChannel): RTCDataChannel {
  const native = Object.getOwnPropertyDescriptor(RTCDataChannel.prototype, 'readyState')?.get
  if (native === undefined) return channel
  const state = (): RTCDataChannelState => native.call(channel) as RTCDataChannelState
  let opened = false
  let closed = false
  channel.addEventListener('open', () => { opened = true })
  channel.addEventListener('close', () => { closed = true })
  Object.defineProperty(channel, 'readyState', {
    get: () => opened || state() === 'closing' || state() === 'closed' ? 'open' : state()
  })
  channel.close = () => {
    RTCDataChannel.prototype.close.call(channel)
    if (closed || state() === 'closed') queueMicrotask(() => { channel.dispatchEvent(new Event('close')) })
  }
  return channel
}
