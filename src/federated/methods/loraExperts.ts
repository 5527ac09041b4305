// The experts of mixtures that stand beside a model's layers, each as a vector of its own: so they are sent, held and averaged one by one.
import { add } from "../../autograd/ops/add.ts";
import { mul } from "../../autograd/ops/arithmetic.ts";
import { type Tensor, view } from "../../autograd/tensor.ts";
import { switchBalance } from "../../nn/balance.ts";
import type { Examples } from "../../nn/examples.ts";
import type { Loss } from "../../nn/fit.ts";
import { LoraMixture, type LoraMixtureOptions, type Mixed } from "../../nn/loraMixture.ts";
import type { Net } from "../../nn/net.ts";
import type { Part } from "../../nn/parameters.ts";
import { predictSteps } from "../../nn/predict.ts";
import type { Steps } from "../../runtime/steps.ts";
import { joined } from "../answering.ts";
import type { Kit } from "../kit.ts";
import type { Vector, Vectors } from "../method.ts";
import { adapted, type Adapted, partOf, type Usual } from "./adapters.ts";

/** What an expert is called: of a layer, by its number. */
export const expertAt = (site: number, e: number): string => `expert.${site}.${e}`;

export type Mixture = Pick<LoraMixtureOptions, "experts" | "k" | "shared" | "by">;

/** Where each expert's numbers are in a module's vector, by `expertAt`; its row of the router is among them, where there is one. */
function rangesOf(
  { module: { specs }, sites }: Adapted,
  { experts, shared = false }: Mixture,
): Map<string, readonly (readonly [from: number, to: number])[]> {
  let from = 0;
  const at = new Map(
    specs.map(({ name, shape }) => {
      const start = from;
      from += shape.reduce((n, one) => n * one, 1);
      return [name, [start, from] as const] as const;
    }),
  );
  const found = new Map<string, readonly (readonly [number, number])[]>();
  sites.forEach(({ name, inputs }, s) => {
    const prefix = name === "" ? "beside" : `${name}.beside`;
    const router = at.get(`${prefix}.router`);
    for (let e = 0; e < experts; e++) {
      const own = shared || e > 0 ? `${prefix}.experts.${e}` : prefix;
      const row = router && ([router[0] + e * inputs, router[0] + (e + 1) * inputs] as const);
      found.set(expertAt(s, e), [at.get(`${own}.a`)!, at.get(`${own}.b`)!, ...(row ? [row] : [])]);
    }
  });
  return found;
}

type Hear = (site: number, mixed: Mixed) => void;

/** Mixtures beside a model's layers, of which a client has some of the experts. */
export class LoraExperts {
  readonly adapted: Adapted;
  readonly #ranges: ReturnType<typeof rangesOf>;
  readonly #held: (readonly number[])[];
  readonly #experts: number;
  #hear: Hear | undefined;

  constructor(kit: Kit, { layers, rank, alpha }: Usual, mixture: Mixture) {
    this.#experts = mixture.experts;
    this.adapted = adapted(kit, layers, ({ inputs, outputs }, site) => {
      const [held, hear] = [() => this.#held[site]!, (mixed: Mixed) => this.#hear?.(site, mixed)];
      return new LoraMixture(inputs, outputs, { rank, alpha, ...mixture, held, hear });
    });
    this.#ranges = rangesOf(this.adapted, mixture);
    this.#held = this.adapted.sites.map(() => []);
  }

  /** First experts, and the rest of what is beside the layers that `part` names, the same for everybody. */
  firsts(kit: Kit, part?: Part): Vectors {
    const { module } = this.adapted;
    const all = kit.first(module, "adapters");
    const experts = Array.from(this.#ranges.keys(), (name) => [name, this.#cut(all, name)] as const);
    return { ...Object.fromEntries(experts), ...(part && { adapters: partOf(module, all, part) }) };
  }

  #cut(values: Vector, name: string): Vector {
    return joined(this.#ranges.get(name)!.map(([from, to]) => values.subarray(from, to)));
  }

  /** Puts experts into a net and has its mixtures choose from these alone. */
  load(net: Net, vectors: Vectors): void {
    this.#hear = undefined;
    this.#held.forEach((_, s) => {
      const numbers = Array.from({ length: this.#experts }, (_, e) => e);
      this.#held[s] = numbers.filter((e) => vectors[expertAt(s, e)]);
      for (const e of this.#held[s]) {
        let at = 0;
        const values = vectors[expertAt(s, e)]!;
        for (const [from, to] of this.#ranges.get(expertAt(s, e))!)
          view(net.parameters.values, from, [to - from]).set(values.subarray(at, (at += to - from)));
      }
    });
  }

  /** Those that were loaded, as they are now. */
  read(net: Net): Vectors {
    const values = net.parameters.toArray();
    const names = this.#held.flatMap((held, s) => held.map((e) => expertAt(s, e)));
    return Object.fromEntries(names.map((name) => [name, this.#cut(values, name)]));
  }

  /** A loss, and the balance of every layer's experts over the batch, so much of it. */
  balanced(loss: Loss, weight: number): Loss {
    if (weight === 0) return loss;
    return (batch, mode) => {
      const terms: Tensor[] = [];
      this.#hear = (_, { logits, k }) => {
        if (logits.shape[1]! > 1) terms.push(mul(switchBalance(logits, k), weight));
      };
      const fit = loss(batch, mode);
      this.#hear = undefined;
      return terms.reduce<Tensor>((sum, term) => add(sum, term), fit);
    };
  }

  /** Tells of every layer's mixture and batch from now on, until others are loaded or somebody else listens. */
  tell(hear: Hear): void {
    this.#hear = hear;
  }

  /** Tells of every layer's mixture and batch while a net answers rows. */
  *listening(net: Net, rows: Examples, width: number, hear: Hear): Steps<void> {
    this.#hear = hear;
    const answers = yield* predictSteps(rows, width, (x) => net.predict(x));
    answers.dispose();
    this.#hear = undefined;
  }
}

/** The sums of columns [rows, width], or of something of their numbers. */
export function columnSums(x: Tensor, of: (value: number) => number = (value) => value): number[] {
  const width = x.shape.at(-1)!;
  const sums = new Array<number>(width).fill(0);
  x.toArray().forEach((value, i) => (sums[i % width]! += of(value)));
  return sums;
}

/**
 * What experts that are found by their own factor look for, `key.layer.expert` [rank], and what a client's rows are, `tokens` [layers x
 * rank]: means over held-out rows, or over training rows where there are none.
 */
export function* lookedFor(
  mixtures: LoraExperts,
  net: Net,
  { train, validation }: { readonly train: Examples; readonly validation: Examples },
  width: number,
): Steps<Vectors> {
  const rows = validation.count > 0 ? validation : train;
  const sums = new Map<string, number[]>();
  const counts = new Map<string, number>();
  const put = (name: string, of: Tensor): void => {
    const before = sums.get(name);
    sums.set(name, columnSums(of).map((one, i) => one + (before?.[i] ?? 0))); // prettier-ignore
    counts.set(name, (counts.get(name) ?? 0) + of.shape[0]!);
  };
  yield* mixtures.listening(net, rows, width, (s, { held, keys, tokens }) => {
    held.forEach((e, i) => put(`key.${s}.${e}`, keys[i]!));
    put(`tokens.${s}`, tokens!);
  });
  const means = Array.from(sums, ([name, sum]) => [name, sum.map((one) => one / counts.get(name)!)] as const);
  const tokens = means.filter(([name]) => name.startsWith("tokens.")).flatMap(([, mean]) => mean);
  if (tokens.length === 0) return {};
  const keys = means.filter(([name]) => name.startsWith("key."));
  return {
    ...Object.fromEntries(keys.map(([name, mean]) => [name, Float64Array.from(mean)])),
    tokens: Float64Array.from(tokens),
  };
}
