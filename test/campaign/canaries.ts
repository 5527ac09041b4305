// Ops with operands, sizes and labels that do not fit, in a watched memory: an op that is asked for what cannot be throws,
// one that answers gives what its twin gives, and no byte changes that is not its own.
import { badCalls, tryBad } from "../support/badCalls/index.ts";
import { misfits, print, tryMisfit } from "../support/misfits.ts";
import { callable } from "../support/opCalls.ts";
import { batchOf } from "./fuzz.ts";
import type { Kind, Part } from "./kind.ts";

const part = (name: string): Part => ({
  name,
  batch: (seed, mark) => batchOf(misfits(name), tryMisfit, { seed, runs: 100, mark, print }),
});

const refusals: Part = {
  name: "refusals",
  batch: (seed, mark) => batchOf(badCalls, tryBad, { seed, runs: 500, mark, print: ({ said }) => said }),
};

export const canaries: Kind = {
  name: "canaries",
  cases: "calls",
  share: 3,
  limitSeconds: 90,
  parts: [refusals, ...callable.map(part)],
};
