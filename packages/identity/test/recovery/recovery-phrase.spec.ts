import { createSeededRandom } from '@parley/core'
import { checkAnswers, checkQuestions, recoveryPhrase, recoverySealingOf, sealTo, seedOfPhrase } from '@parley/identity'
import { hkdfSync } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { fromString, toString } from 'uint8arrays'
import { deviceKeys } from '../support/persons.ts'
import { nameOfError } from '../support/rejection.ts'
import { frozenVectors } from '../support/vectors.ts'
import { buildRecoveryVectors, type RecoveryVectors } from '../support/build-recovery-vectors.ts'

const seedBytes = fc.uint8Array({ minLength: 32, maxLength: 32 })
const frozen = frozenVectors<RecoveryVectors>('recovery.json')

function errorOf (run: () => unknown): Record<string, unknown> {
  try {
    run()
    return { name: 'no error' }
  } catch (error) {
    return error as Record<string, unknown>
  }
}

// https://github.com/trezor/python-mnemonic/blob/master/vectors.json, those of 256 bits.
const BIP39: Array<[seed: string, phrase: string]> = [
  ['00'.repeat(32), `${'abandon '.repeat(23)}art`],
  ['7f'.repeat(32), 'legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth title'],
  ['80'.repeat(32), 'letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount doctor acoustic bless'],
  ['ff'.repeat(32), `${'zoo '.repeat(23)}vote`],
  ['68a79eaca2324873eacc50cb9c6eca8cc68ea5d936f98787c60c7ebc74e6ce7c', 'hamster diagram private dutch cause delay private meat slide toddler razor book happy fancy gospel tennis maple dilemma loan word shrug inflict delay length'],
  ['066dca1a2bb7e8a1db2832148ce9933eea0f3ac9548d793112d9a95c9407efad', 'all hour make first leader extend hole alien behind guard gospel lava path output census museum junior mass reopen famous sing advance salt reform']
]

describe('a recovery phrase', () => {
  it('is that of the vectors of BIP-39', () => {
    for (const [seed, phrase] of BIP39) {
      expect(recoveryPhrase(fromString(seed, 'hex'))).to.equal(phrase)
      expect(toString(seedOfPhrase(phrase), 'hex')).to.equal(seed)
    }
  })

  it('gives back every seed', () => {
    fc.assert(fc.property(seedBytes, seed => {
      const phrase = recoveryPhrase(seed)
      expect(phrase.split(' ')).to.have.length(24)
      expect(seedOfPhrase(phrase)).to.deep.equal(Uint8Array.from(seed))
    }), { numRuns: 1000 })
  })

  it('may be typed in any case, with any white space, and four letters of each word', () => {
    fc.assert(fc.property(seedBytes, fc.array(fc.constantFrom(' ', '\n', '\t', '  ', '\u00a0', '\r\n', '\u3000'), { minLength: 25, maxLength: 25 }), fc.nat(), (seed, spaces, variant) => {
      const typed = recoveryPhrase(seed).split(' ').map((word, index) => {
        const cut = (variant >> index % 24 & 1) === 1 ? word.slice(0, 4 + variant % 3) : word
        return index % 3 === 0 ? cut.toUpperCase() : cut
      })
      const text = typed.reduce((sum, word, index) => `${sum}${spaces[index]}${word}`, '') + spaces[24]
      expect(seedOfPhrase(text)).to.deep.equal(Uint8Array.from(seed))
    }), { numRuns: 300 })
  })

  it('may come in another Unicode form', () => {
    const wide = recoveryPhrase(new Uint8Array(32)).replaceAll(/[a-z]/g, letter => String.fromCodePoint(letter.charCodeAt(0) + 0xfee0))
    expect(seedOfPhrase(wide)).to.deep.equal(new Uint8Array(32))
  })

  it('is never cut short, nor made of another number of words', () => {
    const words = recoveryPhrase(new Uint8Array(32).fill(9)).split(' ')
    for (const text of ['', words.slice(0, 23).join(' '), [...words, 'zoo'].join(' '), words.slice(0, 12).join(' ')]) {
      expect(errorOf(() => seedOfPhrase(text))).to.include({ name: 'PhraseLengthError', words: text.split(' ').filter(Boolean).length })
    }
  })

  it('is made of a whole seed alone', async () => {
    for (const length of [0, 16, 31, 33]) expect(await nameOfError(() => recoveryPhrase(new Uint8Array(length)))).to.equal('InvalidArgumentError')
  })
})

describe('a word of a recovery phrase that is wrong', () => {
  const words = recoveryPhrase(new Uint8Array(32).fill(5)).split(' ')
  const phrases = 10_000

  it(`is refused by name, or gives another seed once in some 256, in ${phrases} phrases`, () => {
    const random = createSeededRandom(7)
    const below = (limit: number): number => ((random(1)[0] ?? 0) << 8 | (random(1)[0] ?? 0)) % limit
    let other = 0
    for (let count = 0; count < phrases; count++) {
      const seed = random(32)
      const text = recoveryPhrase(seed).split(' ')
      const position = below(24)
      const replaced = wordlist[below(2048)] ?? ''
      if (replaced === text[position]) continue
      const error = errorOf(() => { expect(seedOfPhrase(text.with(position, replaced).join(' '))).to.not.deep.equal(seed) })
      if (error['name'] === 'no error') other++
      else expect(error['name']).to.equal('PhraseChecksumError')
    }
    expect(other / phrases).to.be.within(0.5 / 256, 2 / 256)
  }).timeout(120_000)

  it('is named by its place, with what may be meant', () => {
    for (const [typed, meant] of [['abandom', 'abandon'], ['lettre', 'letter'], ['hamstre', 'hamster'], ['zooo', 'zoo']] as const) {
      const error = errorOf(() => seedOfPhrase(words.with(6, typed).join(' ')))
      expect(error).to.include({ name: 'UnknownPhraseWordError', position: 7, word: typed })
      expect((error['suggestions'] as string[])[0]).to.equal(meant)
      expect(error['message']).to.include('Word 7').and.include(meant)
    }
  })

  it('is found however strange it is', () => {
    for (const typed of ['x'.repeat(100_000), '\u0000', 'abanx', '1.', 'ἄβαξ', '__proto__', 'abo', 'constructor']) {
      const error = errorOf(() => seedOfPhrase(words.with(23, typed).join(' ')))
      expect(error, typed.slice(0, 10)).to.include({ name: 'UnknownPhraseWordError', position: 24 })
      expect((error['message'] as string).length).to.be.below(200)
    }
  })

  it('is hinted at when it is spelled nearly as the right one', () => {
    const text = (BIP39[2]?.[1] ?? '').split(' ')
    // `cage` and `page` are both in the list, one letter apart.
    const error = errorOf(() => seedOfPhrase(text.with(2, 'page').join(' ')))
    expect(error['name']).to.equal('PhraseChecksumError')
    expect(error['hints']).to.deep.include({ type: 'misread', position: 3, word: 'cage' })
  })

  it('is hinted at when it changed places with the next', () => {
    const text = (BIP39[4]?.[1] ?? '').split(' ')
    const error = errorOf(() => seedOfPhrase(text.with(3, text[4] ?? '').with(4, text[3] ?? '').join(' ')))
    expect(error['name']).to.equal('PhraseChecksumError')
    expect(error['hints']).to.deep.include({ type: 'swapped', positions: [4, 5] })
    expect(error['message']).to.include('words 4 and 5 changed places')
  })
})

describe('asking a phrase back', () => {
  const phrase = BIP39[4]?.[1] ?? ''
  const words = phrase.split(' ')

  it('asks for three different words, each as often as the others', () => {
    const random = createSeededRandom(3)
    const counts = new Map<number, number>()
    for (let run = 0; run < 4000; run++) {
      const positions = checkQuestions(phrase, random)
      expect(new Set(positions).size).to.equal(3)
      expect(positions).to.deep.equal([...positions].sort((a, b) => a - b))
      for (const position of positions) counts.set(position, (counts.get(position) ?? 0) + 1)
    }
    expect([...counts.keys()].sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 24 }, (_value, index) => index + 1))
    for (const count of counts.values()) expect(count).to.be.within(400, 600)
  })

  it('takes the right words, also shortened', () => {
    expect(checkAnswers(phrase, [1, 3, 24], ['Hamster', ' priv ', 'length'])).to.deep.equal([])
  })

  it('says which are wrong', () => {
    expect(checkAnswers(phrase, [1, 3, 24], ['hamster', 'nothing', words[3] ?? ''])).to.deep.equal([3, 24])
    expect(checkAnswers(phrase, [1, 3, 25], ['', 'pri', ''])).to.deep.equal([1, 3, 25])
  })

  it('wants an answer to each question', async () => {
    expect(await nameOfError(() => checkAnswers(phrase, [1, 2, 3], ['hamster']))).to.equal('InvalidArgumentError')
  })
})

describe('the recovery key of a person', () => {
  it('opens what is sealed to it, and is another for each person', async () => {
    const [own, other] = await Promise.all([1, 2].map(async byte => await recoverySealingOf(new Uint8Array(32).fill(byte))))
    const { did } = await deviceKeys(1)
    const [copy] = await sealTo([{ device: did, sealing: own?.publicKey ?? new Uint8Array() }], 'epoch-key', Uint8Array.of(1, 2), new Uint8Array(0))
    if (own === undefined || other === undefined || copy === undefined) throw new TypeError('there is one of each')
    expect(await own.open('epoch-key', copy, new Uint8Array(0))).to.deep.equal(Uint8Array.of(1, 2))
    expect(await nameOfError(async () => await other.open('epoch-key', copy, new Uint8Array(0)))).to.equal('UndecryptableError')
  })

  it('is derived as node:crypto derives it', async () => {
    for (const { seed, secret } of frozen) {
      const derived = hkdfSync('sha256', fromString(seed, 'hex'), new Uint8Array(0), 'parley/1/recovery-sealing', 32)
      expect(toString(new Uint8Array(derived), 'hex')).to.equal(secret)
    }
    expect(await nameOfError(async () => await recoverySealingOf(new Uint8Array(31)))).to.equal('InvalidArgumentError')
  })
})

describe('the frozen vectors of recovery', () => {
  it('are what this code still gives', async () => {
    expect(await buildRecoveryVectors()).to.deep.equal(frozen)
  })

  it('lead from phrase to seed to recovery key', async () => {
    for (const { phrase, seed, sealing } of frozen) {
      expect(toString(seedOfPhrase(phrase), 'hex')).to.equal(seed)
      expect(toString((await recoverySealingOf(seedOfPhrase(phrase))).publicKey, 'hex')).to.equal(sealing)
    }
  })
})
