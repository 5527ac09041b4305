// The partitions of Flower's niid_bench (github adap/flower, baselines/niid_bench at 4facb3f), row for row. They follow
// NIID-Bench (Li et al. 2022) and part the train split alone.
import { inSteps, type Stepped, stepped } from "../../runtime/steps.ts";
import { balancedDirichlet } from "./balanced.ts";
import type { Hands } from "./hands.ts";
import { arraySplit } from "./numpy/arrays.ts";
import { checkAlpha } from "./numpy/gamma.ts";
import { NumpyGenerator } from "./numpy/generator.ts";
import { checkCounts, classCount, type Labels } from "./partition.ts";
import { rowsByClass } from "./pool.ts";

/** As flwr_datasets and niid_bench call it. */
export interface NiidBenchOptions {
  /** How many clients there are. */
  readonly clients: number;
  /** Which of its laws. */
  readonly split: "iid" | "dirichlet" | "label-quantity";
  /** Of "dirichlet": from 0.1 to 1; 0.5 in its tables. */
  readonly alpha?: number;
  /** Of "label-quantity": classes of each client. */
  readonly classes?: number;
  /** Its `dataset_seed`; 42 unless said. */
  readonly seed?: number;
}

/** What niid_bench gives each client, in its order. */
export const niidBench: Stepped<[train: Labels, options: NiidBenchOptions], Hands> = stepped(
  function* (train, options) {
    const { clients, split, alpha = 0.5, classes: each = 2, seed = 42 } = options;
    checkCounts("niidBench", { clients: [clients, 1], classes: [each, 1] });
    const random = new NumpyGenerator(seed);
    if (split === "iid") return { rows: arraySplit(random.all(train.length), clients), substituted: 0 };
    const byClass = rowsByClass("niidBench", train, classCount(train, []));
    const classes = byClass.length;
    if (split === "dirichlet") {
      checkAlpha("niidBench", alpha, 0.1);
      const rows = yield* balancedDirichlet("niidBench", byClass, { clients, alpha, least: 10 }, random);
      return { rows, substituted: 0 };
    }
    if (each > classes)
      throw new RangeError(
        `niidBench: classes, got ${each} for each client, expected at most the ${classes} that there are`,
      );
    const own = yield* inSteps(clients, (client) => {
      const mine = [client % classes];
      while (mine.length < each) {
        const c = random.upTo(classes - 1);
        if (!mine.includes(c)) mine.push(c);
      }
      return mine;
    });
    const hands = own.map((): number[] => []);
    for (const [c, rows] of byClass.entries()) {
      const holding = own.flatMap((mine, client) => (mine.includes(c) ? [client] : []));
      if (holding.length === 0)
        throw new RangeError(
          `niidBench: class ${c}, got no client that has it, expected one; raise clients or classes`,
        );
      const parts = arraySplit(random.shuffle(rows.slice()), holding.length);
      parts.forEach((part, i) => hands[holding[i]!]!.push(...part));
      yield;
    }
    return { rows: hands.map((hand) => Int32Array.from(hand)), classes: own, substituted: 0 };
  },
);
