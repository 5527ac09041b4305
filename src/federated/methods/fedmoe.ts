// FedMoE (Mei et al. 2024): a mixture of experts that is too large for clients. At first everybody trains all of it and tells which experts
// its held-out rows use; then each has those it uses most within what it can hold, and every expert is averaged over who had it. Here
// experts are adapters beside the layers, as there is no pre-trained mixture, and memory is a share of all experts, drawn for each client.
import type { Kit } from "../kit.ts";
import { method, type Method, type Turn, type Vectors } from "../method.ts";
import type { Steps } from "../../runtime/steps.ts";
import { averaging } from "../servers.ts";
import { loaded, overBase, usual, type Usual, usualRanges, warmed } from "./adapters.ts";
import { Load, loadedAnswer } from "./load.ts";
import { columnSums, LoraExperts } from "./loraExperts.ts";
import { modular, type Modular, Structures } from "./modular.ts";

const COUNT = { min: 1, whole: true } as const;
const SHARE = { min: 0, max: 1 } as const;

const experts = (kit: Kit, options: Usual & Modular & { readonly k: number }): LoraExperts =>
  new LoraExperts(kit, options, { experts: options.experts, k: options.k });

export const fedmoe: Method = method({
  name: "fedmoe",
  paper: "arXiv 2408.11304",
  about:
    "sub-mixtures of experts for clients of different memory, by what their rows use; experts are averaged over who has them",
  // a row has `k` experts of those that its client has; for `explore` rounds everybody has all of them
  options: { ...usual, experts: 4, k: 2, explore: 2, least: 0.25, most: 1, patience: 3, nearest: 3, balance: 1e-2 },
  ranges: {
    ...usualRanges,
    experts: COUNT,
    k: COUNT,
    explore: { min: 0, whole: true },
    least: SHARE,
    most: SHARE,
    patience: COUNT,
    nearest: COUNT,
    balance: { min: 0 },
  },
  sends: ["model?", "expert.*", "usage?", "score?"],
  receives: ["model", "expert.*"],
  client: (kit, options) => {
    const mixtures = experts(kit, options);
    const { module, sites } = mixtures.adapted;
    const net = kit.net(module);
    const optimizer = kit.optimizer(net.parameters);
    const counted = new Load(options.experts);
    const load = (down: Vectors): void => {
      loaded(net, down["model"]!, []);
      mixtures.load(net, down);
    };
    // over held-out rows: what counts is not what was fitted
    function* told({ own: { validation } }: Pick<Turn, "own">): Steps<Vectors> {
      if (validation.count === 0) return {};
      const usage = new Float64Array(sites.length * options.experts);
      const rows = sites.map(() => 0);
      yield* mixtures.listening(net, validation, kit.classes, (s, { held, weights }) => {
        const used = columnSums(weights, (weight) => Number(weight > 0));
        rows[s]! += weights.shape[0]!;
        held.forEach((e, i) => (usage[s * options.experts + e]! += used[i]!));
      });
      const score = Float64Array.of(kit.lossOn(net, validation));
      return { usage: usage.map((one, i) => one / rows[Math.floor(i / options.experts)]!), score };
    }
    return overBase<"expert.*" | "usage?" | "score?", "model" | "expert.*", never>(kit, {
      *train(turn) {
        load(turn.down as Vectors);
        const loss = mixtures.balanced(kit.loss(net), options.balance);
        const { trainLoss } = yield* kit.train({ turn, loss, optimizer });
        return { up: { ...mixtures.read(net), ...(yield* told(turn)) }, metrics: { trainLoss } };
      },
      answers({ down }) {
        load(down as Vectors);
        mixtures.tell((_, mixed) => counted.add(mixed));
        return { own: loadedAnswer(net, counted, options.experts) };
      },
    });
  },
  server: (options, kit) => {
    const mixtures = experts(kit, options);
    const server = warmed(averaging(), { warm: options.warm, firsts: () => mixtures.firsts(kit) });
    const structures = new Structures(kit, mixtures.adapted.sites.length, options);
    return modular(server, structures, options.warm + options.explore);
  },
  laws: [
    { when: { experts: 1 }, is: "fedlora" },
    { when: { warm: 1000 }, is: "fedavg" },
  ],
  presets: {
    paper: {
      options: { experts: 32, k: 1, explore: 5 },
      note: "Switch Transformer, 30 clients, AG News, SQuAD and XSum; no settings of training were to be had",
    },
    safe: {},
  },
});
