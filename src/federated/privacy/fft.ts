// The discrete Fourier transform of a power of two of complex numbers, in place.

/** Twiddle factors for `n` points, each computed by itself: recurrences lose digits. */
export class Fft {
  readonly size: number;
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;

  constructor(size: number) {
    if (!(size >= 1 && Number.isInteger(Math.log2(size))))
      throw new RangeError(`fft: size, got ${size}, expected a power of two`);
    this.size = size;
    this.#cos = Float64Array.from({ length: size / 2 }, (_, i) => Math.cos((2 * Math.PI * i) / size));
    this.#sin = Float64Array.from({ length: size / 2 }, (_, i) => Math.sin((2 * Math.PI * i) / size));
  }

  /** sum_k x_k e^(-2 pi i j k / n), in place. */
  forward(re: Float64Array, im: Float64Array): void {
    this.#transform(re, im);
  }

  /** Undoes `forward`. */
  inverse(re: Float64Array, im: Float64Array): void {
    this.#transform(im, re);
    for (let i = 0; i < this.size; i++) {
      re[i]! /= this.size;
      im[i]! /= this.size;
    }
  }

  #transform(re: Float64Array, im: Float64Array): void {
    const { size } = this;
    for (let i = 1, j = 0; i < size; i++) {
      let bit = size >> 1;
      for (; j & bit; bit >>= 1) j ^= bit;
      j ^= bit;
      if (i < j) {
        [re[i], re[j]] = [re[j]!, re[i]!];
        [im[i], im[j]] = [im[j]!, im[i]!];
      }
    }
    for (let half = 1; half < size; half *= 2) {
      const stride = size / (2 * half);
      for (let start = 0; start < size; start += 2 * half)
        for (let k = 0; k < half; k++) {
          const [a, b] = [start + k, start + k + half];
          const c = this.#cos[k * stride]!;
          const s = this.#sin[k * stride]!;
          const x = re[b]! * c + im[b]! * s;
          const y = im[b]! * c - re[b]! * s;
          re[b] = re[a]! - x;
          im[b] = im[a]! - y;
          re[a]! += x;
          im[a]! += y;
        }
    }
  }
}
