// APPLE (Luo and Wu 2022): every client has a core model that everybody may see, and answers with a sum of all cores whose
// weights are its own secret and are learnt beside its core.
import { pow } from "../../runtime/scalar.ts";
import { answering } from "../answering.ts";
import { Tally } from "../tally.ts";
import { method, type Method, type Turn, type Vector, type Vectors } from "../method.ts";
import { noticeboard, posted, without } from "../servers.ts";
import { combination, dot } from "../vectors.ts";
import { pairsOf } from "./fedfomo.ts";

/** How much a client takes of whose core. */
interface Term {
  readonly client: number;
  readonly core: Vector;
  /** Where its weight is held to. */
  readonly first: number;
  weight: number;
}

/** How far weights are held to their first values in a round: 1 at first, 0 from `rounds` on. */
export function hold(round: number, rounds: number): number {
  return round < rounds ? pow(0.001, round / rounds) : 0;
}

export const apple: Method = method({
  name: "apple",
  paper: "arXiv 2110.08394",
  about: "clients answer with a weighted sum of everybody's core models, at weights that each learns and keeps",
  // `rate` is the weights'; `mu` holds them to where they begin, which is by rows or the own core alone, for `rounds` rounds
  options: { rate: 0.001, mu: 0.1, rounds: 10, start: "rows" },
  ranges: { rate: { min: 0 }, mu: { min: 0 }, rounds: { min: 0, whole: true }, start: { of: ["rows", "own"] } },
  sends: ["core"],
  receives: ["core.*", "rows.*"],
  peers: ["core.*"],
  keeps: ["own", "weights"],
  client: (kit, { rate, mu, rounds, start }) => {
    const [core, mixed] = [kit.net(), kit.net()];
    const optimizer = kit.optimizer(core.parameters);
    // the own core first, then the others' by number
    const termsOf = ({ client, down, kept, own }: Turn<"core.*" | "rows.*", "own" | "weights">): Term[] => {
      const others = posted(down as Vectors, "core").filter((one) => one.client !== client);
      const rows = [own.train.count, ...others.map((one) => down[`rows.${one.client}`]![0]!)];
      const total = rows.reduce((sum, n) => sum + n, 0);
      const known = new Map(pairsOf(kept.weights ?? new Float64Array()));
      return [{ client, vector: kept.own ?? kit.initial }, ...others].map(({ client, vector }, i) => {
        const first = start === "own" || total === 0 ? Number(i === 0) : rows[i]! / total;
        // with weights that stand still, first values follow who is there
        return { client, core: vector, first, weight: (rate > 0 ? known.get(client) : undefined) ?? first };
      });
    };
    const place = (terms: readonly Term[]): void =>
      void mixed.parameters.copyFrom(combination(terms.map(({ weight, core }) => [weight, core] as const)));
    return {
      initial: () => ({}),
      *train(turn) {
        const [own, ...others] = termsOf(turn) as [Term, ...Term[]];
        core.parameters.copyFrom(own.core);
        kit.begin(turn, optimizer);
        const held = mu * hold(turn.round, rounds);
        const tally = new Tally();
        for (const at of kit.batches(turn, { stream: "own" })) {
          const terms = [Object.assign(own, { core: core.parameters.toArray() }), ...others];
          place(terms);
          const correct = (): void => {
            const gradient = mixed.parameters.gradient!;
            core.parameters.addGradient(gradient, own.weight);
            const flat = gradient.toArray() as Vector;
            mixed.parameters.spendGradient();
            if (rate === 0) return;
            for (const term of terms) term.weight -= rate * (dot(flat, term.core) + held * (term.weight - term.first));
          };
          tally.add(at, kit.step(at, { loss: kit.loss(mixed), correct, optimizer }));
          yield;
        }
        const now = core.parameters.toArray();
        return {
          up: { core: now },
          kept: { own: now, weights: Float64Array.from([own, ...others].flatMap((one) => [one.client, one.weight])) },
          metrics: { trainLoss: tally.trainLoss },
        };
      },
      answers(turn) {
        place(termsOf(turn));
        return { own: answering(mixed) };
      },
    };
  },
  server: () => {
    const board = noticeboard();
    return {
      ...board,
      gather: (state, round) => {
        const gathering = board.gather(state, round);
        const rows: Record<string, Vector> = {};
        return {
          add: (update) => {
            gathering.add(update);
            rows[`rows.${update.client}`] = Float64Array.of(update.examples);
          },
          result: () => ({ ...gathering.result(), ...rows }),
        };
      },
      // its own it has
      down: (state, { client }) => without(state, (name) => name === `core.${client}` || name === `rows.${client}`),
    };
  },
  traffic: ({ model, clients: n }) => ({ down: (n - 1) * (model + 1), up: model, peer: (n - 1) * model }),
  laws: [{ when: { rate: 0, start: "own" }, is: "local" }],
  presets: {
    paper: {
      options: { rate: 0.001 },
      optimizer: { kind: "sgd", lr: 0.01, momentum: 0.9 },
      note: "all cores are sent",
    },
    safe: {},
  },
});
