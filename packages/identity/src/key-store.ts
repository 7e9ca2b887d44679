/** Keeps secrets by name. Names are up to 64 lower case letters, digits and hyphens. */
export interface KeyStore {
  /** Returns the secret, or undefined where there is none of this name. */
  get(name: string): Promise<Uint8Array | undefined>
  /** Keeps a secret of up to 64 KiB; resolves once it is on the disk, and replaces an earlier one as a whole or not at all. */
  put(name: string, secret: Uint8Array): Promise<void>
  /** Returns the names of all secrets, in order. */
  list(): Promise<string[]>
}
