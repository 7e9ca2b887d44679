import type { CID, HybridTime } from '@parley/core'
import type { Did } from '@parley/identity'
import type { Content } from '../actions/index.ts'
import type { ParsedAction } from '../format/parse-action.ts'
import type { DecodedAction } from '../types.ts'

/** An action of a log that is read, as far as it can be. */
export class LogEntry implements DecodedAction {
  readonly conversation: CID
  readonly cid: CID
  readonly author: Did
  readonly person: Did
  readonly row: number
  readonly action: ParsedAction
  content: Content | undefined
  unreadable: DecodedAction['unreadable']
  /** What is wrong with it whatever came before, if something is. */
  flaw: string | undefined
  ignored: string | undefined

  constructor (init: { conversation: CID, cid: CID, author: Did, person: Did, row: number, action: ParsedAction }) {
    this.conversation = init.conversation
    this.cid = init.cid
    this.author = init.author
    this.person = init.person
    this.row = init.row
    this.action = init.action
  }

  get bytes (): Uint8Array { return this.action.bytes }
  get seq (): number { return this.action.seq }
  get time (): HybridTime { return this.action.time }
  get epoch (): number { return this.action.epoch }
  get changesAccess (): boolean { return this.action.access !== undefined }
}
