import { toString } from 'uint8arrays'
import { cardAnswerCodec, cardRequestCodec } from '../../src/card-exchange.ts'

const want = new Uint8Array(32).fill(1)
// The codec carries a card as it came; what is in one has vectors of its own.
const card = new Uint8Array(8).fill(2)

/** Each frame of `/parley/card/1`; the person is 32 bytes 01, the card 8 bytes 02. */
export function cardVectors () {
  return {
    requests: [
      { what: 'without a card', hex: toString(cardRequestCodec.encode({ v: 1, want }), 'hex') },
      { what: 'with the card of the asker', hex: toString(cardRequestCodec.encode({ v: 1, want, card }), 'hex') }
    ],
    answers: [
      { what: 'a card', hex: toString(cardAnswerCodec.encode({ v: 1, ok: true, card }), 'hex') },
      { what: 'unknown', hex: toString(cardAnswerCodec.encode({ v: 1, ok: false, reason: 'unknown' }), 'hex') },
      { what: 'busy', hex: toString(cardAnswerCodec.encode({ v: 1, ok: false, reason: 'busy' }), 'hex') }
    ]
  }
}
