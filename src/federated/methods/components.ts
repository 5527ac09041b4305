// Several whole models that all clients train, each by as much as it explains: every loss is shared out between the models, and
// a client answers with all of them at weights of its own.
import { mul } from "../../autograd/ops/arithmetic.ts";
import { nll } from "../../autograd/ops/nll.ts";
import { mean } from "../../autograd/ops/sum.ts";
import { tensor } from "../../autograd/tensor.ts";
import type { Steps } from "../../runtime/steps.ts";
import { answering } from "../answering.ts";
import type { Kit } from "../kit.ts";
import { Tally } from "../tally.ts";
import type { ClientSide, ServerSide, Turn, Update, Vector, Vectors } from "../method.ts";
import { mixedAnswer, rowLosses } from "../mixed.ts";
import { averaging } from "../servers.ts";
import { beginnings, closest } from "./clusters.ts";

export const componentOf = (k: number): string => `component.${k}`;

/** How a client's losses are shared out. */
export interface Shares {
  /** Of each component, row by row of the client's training rows. */
  readonly rows: readonly Float64Array[];
  /** Of each component at this client, 1 in all. */
  readonly weights: Vector;
}

export interface Componentwise {
  readonly count: number;
  /** From each component's losses on the training rows and the weights before. */
  readonly share: (losses: readonly Float64Array[], before: Vector) => Shares;
  /** Whether weights are those of the last turn, or found anew to answer. */
  readonly remembers: boolean;
  /** Whether components that the client has no weight for stay at the server. */
  readonly sparse: boolean;
}

type Named = "component.*" | "shares";

/** Trains all components on shared losses, and answers with their mixture. */
export function componentwise(
  kit: Kit,
  { count, share, remembers, sparse }: Componentwise,
): ClientSide<Named, "component.*", "weights"> {
  const nets = Array.from({ length: count }, () => kit.net());
  const optimizers = nets.map(({ parameters }) => kit.optimizer(parameters));
  const parts = nets.map((net) => answering(net));
  const even = (): Vector => Float64Array.from({ length: count }, () => 1 / count);
  function* sharesOf({ down, kept, own }: Turn<"component.*", "weights">): Steps<Shares> {
    nets.forEach((net, k) => net.parameters.copyFrom((down as Vectors)[componentOf(k)]!));
    const losses: Float64Array[] = [];
    for (const part of parts) losses.push(yield* rowLosses(part, own.train, kit.classes));
    return share(losses, kept.weights ?? even());
  }
  return {
    initial: () => beginnings(kit, count, componentOf),
    *train(turn) {
      const { rows, weights } = yield* sharesOf(turn);
      const moved = nets.map((_, k) => k).filter((k) => !sparse || weights[k]! > 0);
      kit.begin(turn, ...optimizers);
      const tally = new Tally();
      for (const at of kit.batches(turn)) {
        const of = Array.from(at.rows.toArray());
        const losses = moved.map((k) =>
          kit.step(at, {
            // over the batch's rows, not over what of them is this component's
            loss: ({ x, labels }, mode) => {
              const counts = tensor(of.map((row) => rows[k]![row]!), [of.length]); // prettier-ignore
              return mean(mul(nll(nets[k]!.forward(x, mode), labels), counts));
            },
            optimizer: optimizers[k],
          }),
        );
        tally.add(at, losses.reduce((sum, loss) => sum + loss, 0)); // prettier-ignore
        yield;
      }
      const sent = moved.map((k) => [componentOf(k), nets[k]!.parameters.toArray()] as const);
      return {
        up: { ...Object.fromEntries(sent), shares: weights },
        kept: { weights },
        metrics: { trainLoss: tally.trainLoss, cluster: closest(Array.from(weights, (weight) => -weight)) },
      };
    },
    *answers(turn) {
      const { weights } = yield* sharesOf(turn);
      return { own: mixedAnswer(parts, (remembers ? turn.kept.weights : undefined) ?? weights) };
    },
    // how it was shared out is nothing that is sent back
    taken: ({ down }, { up }) => ({ ...down, ...known(up) }),
  };
}

function known(up: Vectors): Vectors {
  return Object.fromEntries(Object.entries(up).filter(([name]) => name !== "shares"));
}

/** Every component becomes the mean of those that were sent, by rows; with `routed`, by the rows' shares in it. */
export function averagedComponents(routed: boolean): ServerSide {
  const weight = ({ up, examples }: Update, name: string): number =>
    routed ? examples * up["shares"]![Number(name.slice(componentOf(0).length - 1))]! : examples;
  return averaging({ weight, only: (name) => name !== "shares" });
}
