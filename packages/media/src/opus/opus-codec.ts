/** How speech is to be encoded. */
export interface OpusEncoderInit {
  /** @default 1 */
  channels?: 1 | 2
  /** Bits per second, 6,000 to 510,000. @default 32000 */
  bitrate?: number
  /** Adds in-band forward error correction for lossy links. @default false */
  fec?: boolean
  /** Sends next to nothing during silence. @default false */
  dtx?: boolean
}

/** How packets are to be decoded. */
export interface OpusDecoderInit {
  /** Channels of the output, whatever the packets hold. @default 1 */
  channels?: 1 | 2
}

/** Turns 20 ms blocks at 48 kHz into packets, with a look-ahead of `OPUS_PRE_SKIP` samples. */
export interface OpusEncoder {
  /**
   * Takes 960 samples per channel, interleaved, and resolves the packets that
   * are ready: one for each block, in order, at once or with a later call.
   */
  encode(block: Float32Array): Promise<Uint8Array[]>
  /** Resolves the packets still inside. Nothing may be encoded after. */
  flush(): Promise<Uint8Array[]>
  /** Frees what the platform holds; harmless when repeated. */
  close(): void
}

/** Turns packets into PCM at 48 kHz. */
export interface OpusDecoder {
  /**
   * Takes one packet and resolves the blocks that are ready, interleaved: one
   * for each packet, in order, of exactly the packet's duration. A packet of
   * its TOC byte alone gives concealment of that duration.
   *
   * @throws {InvalidBytesError} when it is no Opus packet; the next one may be good
   */
  decode(packet: Uint8Array): Promise<Float32Array[]>
  /** Resolves the blocks still inside. Nothing may be decoded after. */
  flush(): Promise<Float32Array[]>
  /** Frees what the platform holds; harmless when repeated. */
  close(): void
}

/** What every implementation of Opus offers; `opusCodecSuite` of the compliance tests holds it to this. */
export interface OpusCodec {
  /** @throws {OpusUnavailableError} */
  createEncoder(init?: OpusEncoderInit): Promise<OpusEncoder>
  /** @throws {OpusUnavailableError} */
  createDecoder(init?: OpusDecoderInit): Promise<OpusDecoder>
}
