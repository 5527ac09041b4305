// The extended Dirichlet law: each client has a few classes, and a class is dealt out over its holders by a Dirichlet law
// (Li et al. 2023, arXiv 2311.03154).
import { fold, type Key, Stream } from "../../runtime/random.ts";
import { type Stepped, stepped } from "../../runtime/steps.ts";
import { dirichlet } from "../distributions.ts";
import { apportion } from "./apportion.ts";
import type { Hands } from "./hands.ts";
import { dealToHolders, holders } from "./holders.ts";
import { checkCounts, classCount, type Labels } from "./partition.ts";
import { dealt } from "./pathological.ts";
import { Pool } from "./pool.ts";

/** Few classes a client, and each dealt out by Dirichlet. */
export interface ExtendedDirichletOptions {
  /** How many clients there are. */
  readonly clients: number;
  /** Classes of each client; every class has holders as many as any other, to within one. */
  readonly classes: number;
  /** Concentration of the law over the holders of a class. */
  readonly alpha: number;
}

/** Every holder of a class has a row of it at least. All rows are dealt as long as every class has a holder. */
export const extendedDirichlet: Stepped<[train: Labels, options: ExtendedDirichletOptions, key: Key], Hands> = stepped(
  function* (train, options, key) {
    const { clients, classes: each, alpha } = options;
    checkCounts("extendedDirichlet", { clients: [clients, 1], classes: [each, 1] });
    const classes = classCount(train, []);
    const own = yield* holders(
      "extendedDirichlet",
      "balanced",
      { clients, each, classes },
      new Stream(fold(key, "holders")),
    );
    const pool = new Pool("extendedDirichlet", "train", train, classes);
    const counts = yield* dealToHolders("extendedDirichlet", own, pool.left, (c, rows, n) => {
      const shares = dirichlet(new Stream(fold(key, "class", c)), new Float64Array(n).fill(alpha));
      return apportion(shares, rows - n).map((count) => count + 1);
    });
    return yield* dealt(pool, own, counts, key);
  },
);
