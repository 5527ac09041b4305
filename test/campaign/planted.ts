// A kind with a fault of every sort in it: how the campaign itself is tried. It runs only where it is asked for.
import fc from "fast-check";
import { batchOf, partOf } from "./fuzz.ts";
import type { Kind } from "./kind.ts";

const numbers = fc.nat({ max: 1000 });
const size = (): number => 4;

export const planted: Kind = {
  name: "planted",
  cases: "numbers",
  share: 1,
  limitSeconds: 6,
  parts: [
    partOf({ name: "right", inputs: numbers, size, read: (n) => n }),
    partOf({
      name: "unclean",
      inputs: numbers,
      size,
      read: (n) => (n > 100 ? (undefined as unknown as { length: number }).length : n),
    }),
    partOf({ name: "greedy", inputs: numbers, size, read: (n) => (n > 500 ? new Uint8Array(20_000_000) : n) }),
    {
      name: "crash",
      batch: (seed, mark) =>
        batchOf(numbers, (n) => (n > 900 ? process.exit(3) : undefined), { seed, runs: 1000, mark }),
    },
    {
      name: "hang",
      batch: (seed, mark) =>
        batchOf(
          numbers,
          (n) => {
            if (n > 900) for (;;) continue;
          },
          { seed, runs: 1000, mark },
        ),
    },
  ],
};
