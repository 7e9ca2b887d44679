import { ParleyError } from '@parley/core'

/** What is wrong with a sealed file. */
export type FileDamage =
  /** It ends before its last chunk. */
  | 'truncated'
  /** It goes on behind its last chunk. */
  | 'extended'
  /** A chunk was altered, stands in another place, or the key is another one. */
  | 'altered'
  /** Its blocks are not those of a file of the size that was announced. */
  | 'misshapen'
  /** All chunks open, and the whole is not what was announced. */
  | 'other-content'

const DAMAGES: Record<FileDamage, string> = {
  truncated: 'it ends before its last chunk',
  extended: 'it goes on behind its last chunk',
  altered: 'a chunk does not open with this key in its place',
  misshapen: 'its blocks are not those of a file of this size',
  'other-content': 'its content is not the one that was announced'
}

/** Thrown when a sealed file is not what its author announced; `reason` says in what way. Nothing of it is kept. */
export class DamagedFileError extends ParleyError {
  override readonly name = 'DamagedFileError'
  readonly reason: FileDamage

  constructor (reason: FileDamage, detail?: string, options?: ErrorOptions) {
    super(`This file is damaged: ${DAMAGES[reason]}${detail === undefined ? '' : ` (${detail})`}`, options)
    this.reason = reason
  }
}

/** Thrown when a file has more bytes than a file may have. */
export class FileTooLargeError extends ParleyError {
  override readonly name = 'FileTooLargeError'
  readonly limitBytes: number

  constructor (limitBytes: number) {
    super(`This file has more than ${limitBytes} bytes`)
    this.limitBytes = limitBytes
  }
}

/** Thrown when an add goes on with other bytes than it began with. What is stored stays until it is discarded. */
export class FileChangedError extends ParleyError {
  override readonly name = 'FileChangedError'
  readonly add: string

  constructor (add: string) {
    super(`The file of add ${add} is not the one that was begun; discard it and add the file anew`)
    this.add = add
  }
}

/** Thrown when blocks of a file are not here and nobody who was asked has them. What is here stays. */
export class FileUnavailableError extends ParleyError {
  override readonly name = 'FileUnavailableError'
  readonly root: string

  constructor (root: string, options?: ErrorOptions) {
    super(`Blocks of the file ${root} are not here, and nobody who was asked has them`, options)
    this.root = root
  }
}

/** Thrown when no add has this id. */
export class UnknownAddError extends ParleyError {
  override readonly name = 'UnknownAddError'
  readonly add: string

  constructor (add: string) {
    super(`No file was added here with the id ${add}`)
    this.add = add
  }
}

/** Thrown when a file is removed, or an add continued or discarded, while another call is at work on it. */
export class FileBusyError extends ParleyError {
  override readonly name = 'FileBusyError'

  constructor (what: string) {
    super(`${what} is being worked on by another call`)
  }
}

/** Thrown when a thumbnail is no picture of a kind and size that a thumbnail may be. */
export class InvalidThumbnailError extends ParleyError {
  override readonly name = 'InvalidThumbnailError'

  constructor (reason: string) {
    super(`This is no thumbnail: ${reason}`)
  }
}

/** Thrown when the stream to a holder ended before it had all of a file; pushing again goes on after what it acknowledged. */
export class FileInterruptedError extends ParleyError {
  override readonly name = 'FileInterruptedError'
  readonly acknowledged: number

  constructor (peer: string, acknowledged: number, options?: ErrorOptions) {
    super(`The stream to ${peer} ended after ${acknowledged} blocks of the file`, options)
    this.acknowledged = acknowledged
  }
}
