// FedAMoLE (Zhang et al. 2024): beside every layer an adapter that everybody has and a client's few of many experts. An expert is found by
// its own first factor, so that any set of them can be chosen from, and experts choose clients: after every round those assignments of
// the highest affinity that give each expert `choices` clients and each client a bounded number of experts. The authors solve it as an
// integer program; it is a transportation problem, solved exactly here. Their noise on what is sent for it is not built.
import { isBeside, placeOf } from "../../nn/adapted.ts";
import type { Part } from "../../nn/parameters.ts";
import type { Kit } from "../kit.ts";
import { method, type Method, type Vector, type Vectors } from "../method.ts";
import { averaging, beside, noticeboard } from "../servers.ts";
import { loaded, overBase, usual, type Usual, usualRanges, warmed } from "./adapters.ts";
import { Load, loadedAnswer } from "./load.ts";
import { LoraExperts, lookedFor } from "./loraExperts.ts";
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
    const net = kit.net(mixtures.adapted.module);
    const optimizer = kit.optimizer(net.parameters);
    const counted = new Load(options.experts);
    const load = (down: Vectors): void => {
      loaded(net, down["model"]!, [[isShared, down["adapters"]!]]);
      mixtures.load(net, down);
    };
    return overBase<Up, Down, never>(kit, {
      *train(turn) {
        load(turn.down as Vectors);
        const loss = mixtures.balanced(kit.loss(net), options.balance);
        const { trainLoss } = yield* kit.train({ turn, loss, optimizer });
        const own = { adapters: net.parameters.read(isShared) as Vector, ...mixtures.read(net) };
        return { up: { ...own, ...(yield* lookedFor(mixtures, net, turn.own, kit.classes)) }, metrics: { trainLoss } };
      },
      answers({ down }) {
        load(down as Vectors);
        mixtures.tell((_, mixed) => counted.add(mixed));
        return { own: loadedAnswer(net, counted, options.experts) };
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
