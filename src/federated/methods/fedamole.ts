// FedAMoLE (Zhang et al. 2024): beside every layer an adapter that everybody has and a client's few of many experts. An expert is found by
// its own first factor, so that any set of them can be chosen from, and experts choose clients: after every round those assignments of
// the highest affinity that give each expert `choices` clients and each client a bounded number of experts. The authors solve it as an
// integer program; it is a transportation problem, solved exactly here. Their noise on what is sent for it is not built.
import { isBeside, placeOf } from "../../nn/adapted.ts";
import type { Part } from "../../nn/parameters.ts";
import type { Steps } from "../../runtime/steps.ts";
import type { Kit } from "../kit.ts";
import { method, type Method, type Turn, type Vector, type Vectors } from "../method.ts";
import { averaging, beside, noticeboard } from "../servers.ts";
import { loaded, overBase, usual, type Usual, usualRanges, warmed } from "./adapters.ts";
import { columnSums, LoraExperts } from "./loraExperts.ts";
import { type Choices, reassigned, sentExperts } from "./reverse.ts";

const COUNT = { min: 1, whole: true } as const;

/** The adapter that everybody has, and what rows are projected by. */
const isShared: Part = (name) => isBeside(name) && !placeOf(name).own.startsWith("experts.");

type Options = Usual & Choices & { readonly k: number };

const experts = (kit: Kit, options: Options): LoraExperts =>
  new LoraExperts(kit, options, { experts: options.experts, k: options.k, shared: true, by: "keys" });

type Down = "model" | "adapters?" | "expert.*";
type Up = "adapters?" | "expert.*" | "key.*" | "tokens?";

export const fedamole: Method = method({
  name: "fedamole",
  paper: "arXiv 2411.19128",
  about:
    "a common adapter and a client's few of many experts beside every layer; experts choose clients, by the best assignment",
  // a row has `k` of a client's experts; `balance` weighs the term that keeps them busy
  options: { ...usual, experts: 8, k: 2, choices: 2, least: 1, most: 4, balance: 1e-3 },
  ranges: {
    ...usualRanges,
    experts: { min: 0, whole: true },
    k: COUNT,
    choices: COUNT,
    least: COUNT,
    most: COUNT,
    balance: { min: 0 },
  },
  sends: ["model?", "adapters?", "expert.*", "key.*", "tokens?"],
  receives: ["model", "adapters?", "expert.*"],
  client: (kit, options) => {
    const mixtures = experts(kit, options);
    const { module, sites } = mixtures.adapted;
    const net = kit.net(module);
    const optimizer = kit.optimizer(net.parameters);
    const load = (down: Vectors): void => {
      loaded(net, down["model"]!, [[isShared, down["adapters"]!]]);
      mixtures.load(net, down);
    };
    // what experts look for and what the rows are, over held-out rows
    function* found({ own: { train, validation } }: Pick<Turn, "own">): Steps<Vectors> {
      const rows = validation.count > 0 ? validation : train;
      if (rows.count === 0 || options.experts === 0) return {};
      const sums = new Map<string, number[]>();
      const put = (name: string, more: readonly number[]): void =>
        void sums.set(name, more.map((one, i) => one + (sums.get(name)?.[i] ?? 0))); // prettier-ignore
      const counts = sites.map(() => 0);
      yield* mixtures.listening(net, rows, kit.classes, (s, { held, keys, tokens }) => {
        counts[s]! += keys[0]!.shape[0]!;
        held.forEach((e, i) => put(`key.${s}.${e}`, columnSums(keys[i]!)));
        put(`tokens.${s}`, columnSums(tokens!));
      });
      const mean = (name: string, s: number): number[] => sums.get(name)!.map((one) => one / counts[s]!);
      const keys = Array.from(sums.keys()).filter((name) => name.startsWith("key."));
      return {
        ...Object.fromEntries(keys.map((name) => [name, Float64Array.from(mean(name, Number(name.split(".")[1])))])),
        tokens: Float64Array.from(sites.flatMap((_, s) => mean(`tokens.${s}`, s))),
      };
    }
    return overBase<Up, Down, never>(kit, {
      *train(turn) {
        load(turn.down as Vectors);
        const loss = mixtures.balanced(kit.loss(net), options.balance);
        const { trainLoss } = yield* kit.train({ turn, loss, optimizer });
        const own = { adapters: net.parameters.read(isShared) as Vector, ...mixtures.read(net) };
        return { up: { ...own, ...(yield* found(turn)) }, metrics: { trainLoss } };
      },
      answers({ down }) {
        load(down as Vectors);
        return { own: (x) => net.predict(x) };
      },
      taken: ({ down }, { up }) => {
        const same = Object.entries(up as Vectors).filter(([name]) => Object.hasOwn(down, name));
        return { ...down, ...Object.fromEntries(same) };
      },
    });
  },
  server: (options, kit) => {
    const mixtures = experts(kit, options);
    const count = mixtures.adapted.sites.length;
    const inner = beside((name) => !name.startsWith("tokens"), averaging(), noticeboard());
    const server = warmed(inner, { warm: options.warm, firsts: () => mixtures.firsts(kit, isShared) });
    return {
      ...server,
      gather: (state, round) => {
        const gathering = server.gather(state, round);
        return { ...gathering, result: () => reassigned(gathering.result(), count, options) };
      },
      down: (state, to) => sentExperts(state, count, to, options),
    };
  },
  laws: [
    { when: { experts: 0 }, is: "fedlora" },
    { when: { warm: 1000 }, is: "fedavg" },
  ],
  presets: {
    paper: {
      options: { experts: 30, rank: 8, alpha: 16, least: 2, most: 8 },
      optimizer: { kind: "adam", lr: 5e-5, schedule: { kind: "exponential", gamma: 0.99 } },
      rounds: 30,
      note: "language models of 0.5 to 8 billion parameters, 10 clients, 200 steps a round",
    },
    safe: {},
  },
});
