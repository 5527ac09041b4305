// What an optimiser keeps of a model, and which of its parameters a step moves.
import { fillInto } from "../autograd/ops/fill.ts";
import { checkOpen, persistent, type Tensor, view } from "../autograd/tensor.ts";
import type { Parameters, Part } from "./parameters.ts";

/** What an optimiser keeps of a model: vectors in the layout of its state, and how often each parameter has moved. */
export class Block {
  readonly parameters: Parameters;
  readonly moments: readonly Tensor<"f32">[];
  /** Steps of each parameter since the moments were cleared. */
  readonly steps: number[];
  /** Which parameters it moves, by position. */
  readonly moves: readonly boolean[];
  readonly #offsets: readonly number[];
  readonly #runs = new Map<number, Run>();
  // of the step under way: no step makes an array
  readonly #now: Run[] = [];

  /** @param only what it is to move; statistics never */
  constructor(parameters: Parameters, moments: number, only: Part = () => true) {
    if (!parameters.gradient)
      throw new TypeError("optimizer: the parameters are frozen; make them trainable or leave them out");
    this.parameters = parameters;
    this.moments = Array.from({ length: moments }, () => fillInto(persistent([parameters.size]), 0));
    this.steps = parameters.tensors.map(() => 0);
    this.moves = parameters.tensors.map(({ slot }, i) => slot !== null && only(parameters.specs[i]!.name));
    let at = 0;
    this.#offsets = [0, ...parameters.tensors.map(({ size }) => (at += size))];
  }

  /** The runs of neighbours that the loss has reached and that are as many steps old, one step older now. */
  takeStep(): readonly Run[] {
    const { tensors, values } = this.parameters;
    checkOpen(values);
    this.#now.length = 0;
    for (let from = 0, to = 0; from < tensors.length; from = to) {
      to = from + 1;
      if (!this.#reached(from)) continue;
      const steps = this.steps[from]! + 1;
      // a table is a run by itself: it is moved by rows
      if (tensors[from]!.slot!.touched === null)
        for (; to < tensors.length && this.#reached(to) && tensors[to]!.slot!.touched === null; to++)
          if (this.steps[to] !== steps - 1) break;
      this.steps.fill(steps, from, to);
      const run = this.run(from, to);
      run.steps = steps;
      this.#now.push(run);
    }
    this.parameters.spendGradient(this.moves);
    return this.#now;
  }

  #reached(at: number): boolean {
    return this.moves[at]! && this.parameters.tensors[at]!.grad !== null;
  }

  /** Neighbouring parameters, or a table by itself: mostly the whole state, again and again. */
  run(from: number, to: number): Run {
    const at = from * this.#offsets.length + to;
    const known = this.#runs.get(at);
    if (known) return known;
    const [first, size] = [this.#offsets[from]!, this.#offsets[to]! - this.#offsets[from]!];
    const part = (of: Tensor): Tensor => view(of, first, [size]);
    // only Adam, which has two moments, moves rows
    const touched = this.moments.length === 2 ? this.parameters.tensors[from]!.slot!.touched : null;
    const run: Run = {
      steps: 0,
      w: part(this.parameters.values),
      g: part(this.parameters.gradient!),
      moments: this.moments.map(part),
      rows: touched && { touched, live: persistent(touched.shape, "i32").set(new Int32Array(touched.size)) },
    };
    this.#runs.set(at, run);
    return run;
  }

  /** Forgets moments and steps. */
  reset(): void {
    for (const moment of this.moments) fillInto(moment, 0);
    this.steps.fill(0);
    for (const { rows } of this.#runs.values()) rows?.live.set(new Int32Array(rows.live.size));
  }

  dispose(): void {
    for (const moment of this.moments) moment.dispose();
    for (const { rows } of this.#runs.values()) rows?.live.dispose();
  }
}

/** Of a table: which rows have a gradient now, and which have had one since the moments were cleared. */
interface Rows {
  readonly touched: Tensor;
  readonly live: Tensor<"i32">;
}

/** What one kernel call moves: neighbouring parameters, or a table by itself. */
export interface Run {
  /** This one included. */
  steps: number;
  readonly w: Tensor;
  readonly g: Tensor;
  readonly moments: readonly Tensor[];
  readonly rows: Rows | null;
}

export function blocksOf(parameters: readonly Parameters[] | Parameters, moments: number, only?: Part): Block[] {
  const list = "values" in parameters && "specs" in parameters ? [parameters] : parameters;
  return list.map((block) => new Block(block, moments, only));
}
