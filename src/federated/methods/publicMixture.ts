// A mixture that a server has and trains on public rows: experts and a main expert, all of the experiment's model, under a gate that
// sees the input.
import { noGrad } from "../../autograd/op.ts";
import { add } from "../../autograd/ops/add.ts";
import { affine, mul } from "../../autograd/ops/arithmetic.ts";
import { nll } from "../../autograd/ops/nll.ts";
import { where } from "../../autograd/ops/select.ts";
import { concat } from "../../autograd/ops/slice.ts";
import { logSoftmax } from "../../autograd/ops/softmax.ts";
import { mean, sum } from "../../autograd/ops/sum.ts";
import { exp, log } from "../../autograd/ops/unary.ts";
import type { Tensor } from "../../autograd/tensor.ts";
import { unevenness } from "../../nn/balance.ts";
import { Linear } from "../../nn/layers.ts";
import { EVALUATE, type Mode, type Module, Sequential } from "../../nn/module.ts";
import type { Net } from "../../nn/net.ts";
import type { Rated } from "../../nn/optimizers.ts";
import { predictAll } from "../../nn/predict.ts";
import { kept } from "../../nn/routing.ts";
import { exp as expOf, log as logOf } from "../../runtime/scalar.ts";
import { finish, type Steps } from "../../runtime/steps.ts";
import { answering } from "../answering.ts";
import type { Kit } from "../kit.ts";
import type { Round, Vector, Vectors } from "../method.ts";
import { mixedLogp, rowLosses } from "../mixed.ts";

export const expertOf = (e: number): string => `expert.${e}`;

/** Of `experts` a row has `k`, which are trusted `trust` together; `balance` weighs the term that keeps all of them busy. */
export interface PublicMixtureOptions {
  readonly experts: number;
  readonly k: number;
  readonly trust: number;
  readonly balance: number;
}

// of an expert that a row does not have: its share is 0 and so is its gradient
const NEVER = -1e30;

/** Nets of one thread, for whatever state they are given. */
export class PublicMixture {
  readonly #kit: Kit;
  readonly #options: PublicMixtureOptions;
  readonly #experts: readonly Net[];
  readonly #main: Net;
  readonly #gate: Net;
  readonly #optimizer: Rated;

  constructor(kit: Kit, options: PublicMixtureOptions) {
    const { experts, k } = options;
    if (k > experts) throw new RangeError(`fed-moe: k, got ${k}, expected at most the ${experts} experts`);
    this.#kit = kit;
    this.#options = options;
    this.#experts = Array.from({ length: experts }, () => kit.net());
    this.#main = kit.net();
    this.#gate = kit.net(PublicMixture.#gateOf(kit, experts));
    this.#optimizer = kit.optimizer([...this.#experts, this.#main, this.#gate].map(({ parameters }) => parameters));
  }

  static #gateOf({ parts, features }: Kit, experts: number): Module {
    return new Sequential({ body: parts.body, out: new Linear(features, experts) });
  }

  /** All experts alike, and a gate that is not. */
  begin(model: Vector): Vectors {
    const gate = this.#kit.first(this.#gate.module, "gate");
    return { ...Object.fromEntries(this.#experts.map((_, e) => [expertOf(e), model])), main: model, gate };
  }

  load(state: Vectors): void {
    this.#experts.forEach(({ parameters }, e) => parameters.copyFrom(state[expertOf(e)]!));
    this.#main.parameters.copyFrom(state["main"]!);
    this.#gate.parameters.copyFrom(state["gate"]!);
  }

  state(): Vectors {
    const of = ({ parameters }: Net): Vector => parameters.toArray();
    const experts = this.#experts.map((expert, e) => [expertOf(e), of(expert)] as const);
    return { ...Object.fromEntries(experts), main: of(this.#main), gate: of(this.#gate) };
  }

  /** Logarithms of what a row's experts count, [rows, experts]: 1 in all, or what a single one has among all experts. */
  #logGates(x: Tensor, mode: Mode): Tensor {
    const { k } = this.#options;
    const logits = this.#gate.forward(x, mode);
    const chosen = noGrad(() => kept(logits, k));
    // a softmax over one would be 1 and teach the gate nothing
    const of = k === 1 ? logits : where(chosen, logits, NEVER);
    return where(chosen, logSoftmax(of), NEVER);
  }

  /** Log-probabilities [rows, classes] of all, and of the main expert alone, which has what the others leave. */
  #forward(x: Tensor, mode: Mode): { readonly all: Tensor; readonly main: Tensor; readonly gates: Tensor } {
    const { trust } = this.#options;
    const main = this.#main.forward(x, mode);
    const logGates = this.#logGates(x, mode);
    const gates = exp(logGates);
    if (trust === 0) return { all: main, main, gates };
    const rest = log(affine(sum(gates, { axis: 1, keep: true }), -trust, 1));
    const parts = [...this.#experts.map((expert) => expert.forward(x, mode)), main];
    return { all: mixedLogp(parts, concat([affine(logGates, 1, logOf(trust)), rest], 1)), main, gates };
  }

  /** Log-probabilities in evaluation mode, without history. */
  answer(x: Tensor): Tensor {
    return noGrad(() => this.#forward(x, EVALUATE).all);
  }

  /** Epochs on the public rows: the mixture's loss, the main expert's own, and the balance of the gate. */
  *train({ round, key }: Pick<Round, "round" | "key">, epochs: number): Steps<void> {
    if (epochs === 0) return;
    const rows = this.#kit.publicRows;
    yield* this.#kit.train({
      turn: { own: { train: rows, validation: rows }, key, effort: 1, round },
      epochs,
      loss: ({ x, labels }, mode) => {
        const { all, main, gates } = this.#forward(x, mode);
        return add(mean(nll(all, labels)), add(mean(nll(main, labels)), mul(unevenness(gates), this.#options.balance)));
      },
      optimizer: this.#optimizer,
    });
  }

  /** What every expert counts on each of the public rows, [rows, experts]. */
  gates(): ArrayLike<number> {
    const found = predictAll(this.#kit.publicRows, this.#experts.length, (x) => exp(this.#logGates(x, EVALUATE)));
    const values = found.toArray();
    found.dispose();
    return values;
  }

  /** How probable a model finds the true class of each of the public rows. The main expert's net is overwritten. */
  believed(model: Vector): Float64Array {
    this.#main.parameters.copyFrom(model);
    return finish(rowLosses(answering(this.#main), this.#kit.publicRows, this.#kit.classes)).map((loss) =>
      expOf(-loss),
    );
  }
}

/** mean_x Q[x, e] P_c[x] of experts' shares Q [rows, experts] and each client's P [rows], by expert and client. */
export function affinities(gates: ArrayLike<number>, believed: readonly Float64Array[], experts: number): number[][] {
  return Array.from({ length: experts }, (_, e) =>
    believed.map((of) => of.reduce((all, p, row) => all + gates[row * experts + e]! * p, 0) / of.length),
  );
}
