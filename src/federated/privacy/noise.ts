// Where noise is from. A simulation's has addresses, so that a run can be repeated: it hides nothing from who knows the seed.
// A deployment's is from the platform's cryptographic source.
import { fold, type Key, Stream } from "../../runtime/random.ts";
import { log } from "../../runtime/scalar.ts";
import type { Noise } from "./central.ts";
import { addGaussian } from "./gaussian.ts";

/** Normal numbers by address below `key`: Marsaglia's polar method, the same bits in every runtime. */
export function addressedNoise(key: Key): Noise {
  return (values, sigma, { what, round }) => {
    const stream = new Stream(fold(key, what, round));
    for (let i = 0; i < values.length; i += 2) {
      let [x, y, square] = [0, 0, 0];
      do {
        x = 2 * stream.uniform() - 1;
        y = 2 * stream.uniform() - 1;
        square = x * x + y * y;
      } while (square >= 1 || square === 0);
      const scale = sigma * Math.sqrt((-2 * log(square)) / square);
      values[i]! += scale * x;
      if (i + 1 < values.length) values[i + 1]! += scale * y;
    }
  };
}

/** Noise that nobody can repeat. */
export const cryptographicNoise: Noise = (values, sigma) => addGaussian(values, sigma);
