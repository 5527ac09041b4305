// cwFedAvg (ICCV 2025): a model for each class, averaged by how much each client is of that class; a client begins at the
// mixture that its own classes make.
import { answering } from "../answering.ts";
import { combination, zerosLike } from "../vectors.ts";
import { method, type Method, type Vector, type Vectors } from "../method.ts";
import { noticeboard, posted } from "../servers.ts";
import { countsOf } from "../statistics.ts";

/** A client's law over classes, from its counts; of a client without rows all classes alike. */
export const lawOf = (counts: readonly number[]): number[] => {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => (total > 0 ? count / total : 1 / counts.length));
};

/** sum_c pi_c w_c with w_c = sum_i n_i pi_ic w_i / sum_i n_i pi_ic, as weights of the clients' models. */
export function mixtureOf(
  law: readonly number[],
  clients: readonly { readonly law: readonly number[]; readonly n: number }[],
): number[] {
  const of = law.map((_, c) => clients.reduce((sum, { law: theirs, n }) => sum + n * theirs[c]!, 0));
  // a class that nobody has says nothing, and its share goes to the others
  const known = law.reduce((sum, pi, c) => sum + (of[c]! > 0 ? pi : 0), 0);
  return clients.map(({ law: theirs, n }) =>
    law.reduce((sum, pi, c) => sum + (of[c]! > 0 && known > 0 ? ((pi / known) * n * theirs[c]!) / of[c]! : 0), 0),
  );
}

export const cwfedavg: Method = method({
  name: "cwfedavg",
  paper: "arXiv 2406.07800",
  about: "class-wise averages, mixed for each client by its classes; by its counts of them, which it sends",
  needsClasses: true,
  options: {},
  sends: ["model", "law"],
  receives: ["model"],
  client: (kit) => {
    const net = kit.net();
    const optimizer = kit.optimizer(net.parameters);
    return {
      initial: () => ({ model: kit.initial }),
      *train(turn) {
        net.parameters.copyFrom(turn.down.model);
        const { trainLoss } = yield* kit.train({ turn, loss: kit.loss(net), optimizer });
        const law = Float64Array.from(lawOf(countsOf(turn.own.train.labels, kit.classes)));
        return { up: { model: net.parameters.toArray(), law }, metrics: { trainLoss } };
      },
      answers({ down }) {
        net.parameters.copyFrom(down.model);
        return { own: answering(net) };
      },
    };
  },
  server: () => {
    const board = noticeboard();
    return {
      begin: board.begin,
      gather: (state, round) => {
        const gathering = board.gather(state, round);
        const rows: Record<string, Vector> = {};
        return {
          add: (update) => {
            if (update.examples === 0) return;
            gathering.add(update);
            rows[`n.${update.client}`] = Float64Array.of(update.examples);
          },
          result: () => ({ ...gathering.result(), ...rows }),
        };
      },
      down: (state: Vectors, { client }): Vectors => {
        const models = posted(state, "model");
        if (models.length === 0) return { model: state["model"]! };
        const clients = models.map((one) => ({
          law: Array.from(state[`law.${one.client}`]!),
          n: state[`n.${one.client}`]![0]!,
        }));
        const mine =
          state[`law.${client}`] ?? zerosLike(Float64Array.from(clients[0]!.law)).fill(1 / clients[0]!.law.length);
        const weights = mixtureOf(Array.from(mine), clients);
        return { model: combination(weights.map((weight, i) => [weight, models[i]!.vector] as const)) };
      },
    };
  },
  traffic: ({ model, classes }) => ({ down: model, up: model + classes }),
  presets: {
    paper: {
      rounds: 1000,
      note: "with a regulariser that makes norms of the head's rows follow the classes; counts are sent instead",
    },
    safe: {},
  },
});
