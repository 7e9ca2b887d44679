/** Transforms in place; `re` and `im` have the size it was created for. */
export type Fft = (re: Float64Array, im: Float64Array) => void

/** Creates a forward fast Fourier transform (Cooley & Tukey, radix 2) of `size`, a power of two. */
export function createFft (size: number): Fft {
  const cos = new Float64Array(size / 2)
  const sin = new Float64Array(size / 2)
  for (let index = 0; index < size / 2; index++) {
    cos[index] = Math.cos(2 * Math.PI * index / size)
    sin[index] = -Math.sin(2 * Math.PI * index / size)
  }
  return (re, im) => {
    reorder(re, im)
    for (let span = 1; span < size; span *= 2) {
      const stride = size / (2 * span)
      for (let start = 0; start < size; start += 2 * span) {
        for (let offset = 0; offset < span; offset++) {
          butterfly(re, im, start + offset, start + offset + span, cos[offset * stride] as number, sin[offset * stride] as number)
        }
      }
    }
  }
}

function butterfly (re: Float64Array, im: Float64Array, low: number, high: number, cos: number, sin: number): void {
  const highRe = (re[high] as number) * cos - (im[high] as number) * sin
  const highIm = (re[high] as number) * sin + (im[high] as number) * cos
  re[high] = (re[low] as number) - highRe
  im[high] = (im[low] as number) - highIm
  re[low] = (re[low] as number) + highRe
  im[low] = (im[low] as number) + highIm
}

/** Puts each element where the bits of its index, reversed, say. */
function reorder (re: Float64Array, im: Float64Array): void {
  let mirror = 0
  for (let index = 1; index < re.length; index++) {
    let bit = re.length >> 1
    for (; mirror & bit; bit >>= 1) mirror ^= bit
    mirror ^= bit
    if (index >= mirror) continue
    swap(re, index, mirror)
    swap(im, index, mirror)
  }
}

function swap (values: Float64Array, a: number, b: number): void {
  const kept = values[a] as number
  values[a] = values[b] as number
  values[b] = kept
}
