// A party without labels: its columns, an encoder over them, and nothing that anybody else may look into. It answers with embeddings
// of the rows it is asked for, and learns from the gradients of those.
import { backward } from "../../autograd/backward.ts";
import { mul } from "../../autograd/ops/arithmetic.ts";
import { sum } from "../../autograd/ops/sum.ts";
import { scope, type Tensor, tensor } from "../../autograd/tensor.ts";
import { checkRows, type Examples } from "../../nn/examples.ts";
import { EVALUATE, type Mode, type Module } from "../../nn/module.ts";
import { fold } from "../../runtime/random.ts";
import type { Vectors } from "../turn.ts";
import { Learner, type Learning } from "./learner.ts";

/** Rows to learn on, and rows to answer. */
export type Split = "train" | "test";

/** Columns of all rows, row by row; of an `Examples` without its labels. */
export type Columns = Pick<Examples, "count" | "batch">;

/** What a party has. */
export interface PartyOptions extends Learning {
  readonly name: string;
  readonly columns: Readonly<Record<Split, Columns>>;
  /** From its columns [rows, ...] to embeddings [rows, width]. */
  readonly encoder: Module;
}

interface Asked {
  readonly rows: Int32Array;
  readonly mode: Mode;
}

export class Party {
  readonly name: string;
  readonly learner: Learner<"encoder">;
  readonly #options: PartyOptions;
  // the rows whose embeddings were sent last: what a gradient is of
  #asked: Asked | undefined;

  constructor(options: PartyOptions) {
    [this.name, this.#options] = [options.name, options];
    this.learner = new Learner({ encoder: options.encoder }, options);
  }

  /**
   * One exchange: embeddings [rows, width] of rows to learn on (`rows.train`) or to answer (`rows.test`), row by row; or a step along
   * the `gradient` of the embeddings that were sent last, of which nothing is sent.
   * @param at the number of the exchange, which is the address of its random numbers
   */
  exchange({ gradient, ...down }: Vectors, at: number): Vectors {
    if (gradient) {
      this.#learn(gradient);
      return {};
    }
    const { "rows.train": train, "rows.test": test } = down;
    if (test) return { answer: this.#embedded({ rows: this.#rows("test", test), mode: EVALUATE }, "test") };
    if (!train) throw new TypeError(`vertical: ${this.name}, got ${Object.keys(down).join(", ") || "nothing"}, expected rows or a gradient`); // prettier-ignore
    this.#asked = {
      rows: this.#rows("train", train),
      mode: { train: true, key: fold(this.#options.key, "exchange", at) },
    };
    return { embedding: this.#embedded(this.#asked, "train") };
  }

  #rows(split: Split, rows: ArrayLike<number>): Int32Array {
    checkRows(`vertical: ${this.name}`, rows, this.#options.columns[split].count);
    return Int32Array.from(rows);
  }

  #embed({ rows, mode }: Asked, split: Split): Tensor<"f32"> {
    const { x } = this.#options.columns[split].batch(tensor(rows, [rows.length], "i32"), mode);
    return this.learner.nets.encoder!.forward(x, mode);
  }

  #embedded(asked: Asked, split: Split): Float32Array {
    return scope(() => this.#embed(asked, split).toArray());
  }

  #learn(gradient: ArrayLike<number>): void {
    const asked = this.#asked;
    this.#asked = undefined;
    if (!asked) throw new RangeError(`vertical: ${this.name}, got a gradient of nothing; ask for embeddings first`);
    scope(() => {
      // once more, as no history outlasts a message: the same bits, for a forward pass
      const y = this.#embed(asked, "train");
      if (gradient.length !== y.size)
        throw new RangeError(`vertical: ${this.name}, gradient, got ${gradient.length} numbers, expected ${y.size}`);
      // whose gradient by y is just this
      backward(sum(mul(y, tensor(gradient, y.shape))));
      this.learner.optimizer.step();
    });
  }
}
