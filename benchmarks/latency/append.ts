/** One append of a series, on the machine's clock. */
export interface Append {
  /** What it is called on both sides. */
  name: string
  askedMs: number
  storedMs: number
}
