// What experts count in an answer: their weights on the mean, over the layers that have them and the rows that were asked.
import type { Mixed } from "../../nn/loraMixture.ts";
import type { Net } from "../../nn/net.ts";
import type { Answer } from "../method.ts";
import { columnSums } from "./loraExperts.ts";

export class Load {
  readonly #sums: Float64Array;

  /** @param experts how many there are, whether or not all of them are there */
  constructor(experts: number) {
    this.#sums = new Float64Array(experts);
  }

  /** Counts a layer's mixture of a batch. */
  add({ held, weights }: Pick<Mixed, "held" | "weights">): void {
    columnSums(weights).forEach((sum, i) => (this.#sums[held[i]!]! += sum));
  }

  /** Shares of all that was counted, even where there was nothing, and counts anew. */
  take(): number[] {
    const total = this.#sums.reduce((sum, one) => sum + one, 0);
    const shares = Array.from(this.#sums, (one) => (total > 0 ? one / total : 1 / this.#sums.length));
    this.#sums.fill(0);
    return shares;
  }
}

/** A net's answers, with what experts count in them; without where there is nothing to choose. */
export function loadedAnswer(net: Net, load: Load, experts: number): Answer {
  const answer: Answer = (x) => net.predict(x);
  return experts > 1 ? Object.assign(answer, { load: () => load.take() }) : answer;
}
