import { InvalidArgumentError, type RandomBytes } from '@parley/core'
import { PHRASE_WORDS, wordOf, wordsOfPhrase } from './phrase-words.ts'

/** So many words are asked back: whoever has not written the phrase down does not guess them. */
const QUESTIONS = 3

/**
 * Returns three places of a phrase, from 1 and in ascending order, of which the
 * words are to be asked back before the phrase disappears from the screen.
 *
 * @throws {PhraseLengthError | UnknownPhraseWordError} when `phrase` is none
 */
export function checkQuestions (phrase: string, random: RandomBytes): number[] {
  const count = wordsOfPhrase(phrase).length
  const positions = new Set<number>()
  while (positions.size < QUESTIONS) {
    const [byte = 0] = random(1)
    // The greatest multiple of 24 below 256, so that every place is as likely as every other.
    if (byte < 256 - 256 % PHRASE_WORDS) positions.add(byte % count + 1)
  }
  return [...positions].sort((a, b) => a - b)
}

/**
 * Returns those of the asked places whose answer is not the word there; none
 * when all are right. Answers may be written as words of a phrase may.
 *
 * @throws {InvalidArgumentError} when there are not as many answers as questions
 */
export function checkAnswers (phrase: string, positions: number[], answers: string[]): number[] {
  if (answers.length !== positions.length) throw new InvalidArgumentError(`${positions.length} words were asked for, ${answers.length} given`)
  const words = wordsOfPhrase(phrase)
  return positions.filter((position, index) => {
    const word = words[position - 1]
    return word === undefined || wordOf(answers[index] ?? '') !== word
  })
}
