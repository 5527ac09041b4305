// cFedFN (2023): clients whose features have like norms share a model. A client tells how long features of each of its classes are on the
// mean, which is little beside its weights; after a few rounds of FedAvg the server groups clients by that, once. Built after the
// abstract: norms are those of the body's output by class, groups are joined by the mean cosine over classes that both have.
import { predictSteps } from "../../nn/predict.ts";
import { type ClientSide, method, type Method, type Update, type Vector, type Vectors } from "../method.ts";
import { averaging, posted } from "../servers.ts";
import { byClass } from "../statistics.ts";
import { cosine, normOf } from "../vectors.ts";
import { linked } from "./linkage.ts";
import { sharedModel } from "./sharedModel.ts";

/** The cosine of norms by class, over classes that both have; 0 where there is none. */
export function alikeness(a: Vector, b: Vector): number {
  const both = (of: Vector): Vector => of.map((value, c) => (a[c]! > 0 && b[c]! > 0 ? value : 0));
  return cosine(both(a), both(b));
}

/** k groups at most: those join first whose members are most alike on the mean. Positions, ascending, by their first. */
export function grouped(norms: readonly Vector[], k: number): number[][] {
  const like = (a: readonly number[], b: readonly number[]): number =>
    a.flatMap((i) => b.map((j) => alikeness(norms[i]!, norms[j]!))).reduce((sum, one) => sum + one, 0) /
    (a.length * b.length);
  return linked(norms.length, k, like);
}

const clusterOf = (state: Vectors, client: number): number => state[`cluster.${client}`]?.[0] ?? 0;

/** Clusters of all whose norms are known: grouped where there are no clusters yet, else each newcomer to those it is most like. */
export function assigned(state: Vectors, k: number): Vectors {
  const known = posted(state, "norms");
  const has = known.filter(({ client }) => state[`cluster.${client}`]);
  const found: Record<string, Vector> = {};
  const put = (client: number, cluster: number): void => void (found[`cluster.${client}`] = Float64Array.of(cluster));
  if (has.length === 0)
    grouped(
      known.map(({ vector }) => vector),
      k,
    ).forEach((group, c) => group.forEach((i) => put(known[i]!.client, c)));
  else
    for (const { client, vector } of known.filter((one) => !state[`cluster.${one.client}`])) {
      const nearest = has.reduce((best, one) =>
        alikeness(vector, one.vector) > alikeness(vector, best.vector) ? one : best,
      );
      put(client, clusterOf(state, nearest.client));
    }
  return found;
}

export const cfedfn: Method = method({
  name: "cfedfn",
  paper: "cFedFN, 2023",
  after: "abstract",
  about: "clusters of clients whose features have like norms by class, found once after a few rounds of FedAvg",
  options: { k: 2, warm: 3 },
  ranges: { k: { min: 1, whole: true }, warm: { min: 1, whole: true } },
  sends: ["model", "norms"],
  receives: ["model"],
  client: (kit): ClientSide<"model" | "norms", "model", never> => {
    const base = sharedModel(kit);
    const body = kit.net(kit.parts.body, { trainable: false });
    return {
      initial: () => base.initial(),
      answers: (turn) => base.answers(turn),
      *train(turn) {
        const reply = yield* base.train(turn);
        body.parameters.copyFrom(reply.up.model.subarray(0, body.parameters.size));
        const z = yield* predictSteps(turn.own.train, kit.features, (x) => body.predict(x));
        const lengths = lengthsOf(z.toArray(), kit.features);
        z.dispose();
        const { norms } = byClass({ norms: { values: lengths, width: 1 } }, turn.own.train.labels, kit.classes);
        return { ...reply, up: { ...reply.up, norms } };
      },
    };
  },
  server: ({ k, warm }) => ({
    begin: ({ model }) => ({ "model.0": model! }),
    cluster: clusterOf,
    down: (state, { client }) => ({ model: state[`model.${clusterOf(state, client)}`]! }),
    gather: (state, round) => {
      const place = (_: string, { client }: Update): string => `model.${clusterOf(state, client)}`;
      const means = averaging({ place, only: (name) => name === "model" }).gather(state, round);
      const norms: Record<string, Vector> = {};
      return {
        add: (update) => {
          means.add(update);
          norms[`norms.${update.client}`] = update.up["norms"]!;
        },
        result: () => {
          const next: Vectors = { ...means.result(), ...norms };
          if (round.round + 1 < warm) return next;
          const found = assigned(next, k);
          // a cluster begins as what there was for all
          const models = Object.values(found).map(([c]) => [`model.${c}`, next[`model.${c}`] ?? next["model.0"]!]);
          return { ...next, ...(Object.fromEntries(models) as Vectors), ...found };
        },
      };
    },
  }),
  traffic: ({ model, classes }) => ({ down: model, up: model + classes }),
  laws: [{ when: { k: 1 }, is: "fedavg" }],
  presets: { safe: {} },
});

/** The length of each row of so many numbers. */
function lengthsOf(values: Vector, width: number): Vector {
  const rows = values.subarray(0, values.length / width);
  return rows.map((_, i) => normOf(values.subarray(i * width, (i + 1) * width)));
}
