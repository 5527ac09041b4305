// Heterogeneous LoRA (Cho et al. 2024): clients have adapters of ranks of their own, as their devices allow. A client is sent the first
// columns of the common factors; what comes back is filled up with zeros, and counts by the size of its product, as one of a high rank that
// has learnt little should not count for more. From the abstract: the pruning of ranks while training is not built.
import { isBeside } from "../../nn/adapted.ts";
import type { Net } from "../../nn/net.ts";
import type { Rated } from "../../nn/optimizers.ts";
import { method, type Method, type Vectors } from "../method.ts";
import { averaging } from "../servers.ts";
import { type Adapted, firstBeside, loaded, overBase, usual, type Usual, usualRanges, warmed } from "./adapters.ts";
import { loraAnswer, loraModel } from "./fedlora.ts";
import { factorsOf, ofRank, productNorm, rankOf } from "./ranks.ts";

export const hetlora: Method = method({
  name: "hetlora",
  paper: "arXiv 2401.06432",
  after: "abstract",
  about: "adapters of a rank of each client's own, cut from common ones and averaged with zeros behind",
  // ranks from `least` to `rank`; an adapter counts by its client's rows, or by the norm of its product
  options: { ...usual, least: 1, weigh: "norm" },
  ranges: { ...usualRanges, least: { min: 1, whole: true }, weigh: { of: ["norm", "rows"] } },
  sends: ["model?", "adapters.*"],
  receives: ["model", "adapters.*"],
  client: (kit, options) => {
    const made = new Map<number, { net: Net; optimizer: Rated }>();
    // a product of any rank counts as one of the highest
    const at = (rank: number): { net: Net; optimizer: Rated } => {
      if (!made.has(rank)) {
        const net = kit.net(loraModel(kit, { ...options, rank, alpha: (options.alpha * rank) / options.rank }).module);
        made.set(rank, { net, optimizer: kit.optimizer(net.parameters) });
      }
      return made.get(rank)!;
    };
    const load = (client: number, down: Vectors): { name: string; net: Net; optimizer: Rated } => {
      const name = `adapters.${rankOf(kit, client, options)}`;
      const sides = at(rankOf(kit, client, options));
      loaded(sides.net, down["model"]!, [[isBeside, down[name]!]]);
      return { name, ...sides };
    };
    return overBase<"adapters.*", "model" | "adapters.*", never>(kit, {
      *train(turn) {
        const { name, net, optimizer } = load(turn.client, turn.down as Vectors);
        const { trainLoss } = yield* kit.train({ turn, loss: kit.loss(net), optimizer });
        return { up: { [name]: net.parameters.read(isBeside) }, metrics: { trainLoss } };
      },
      answers({ client, down }) {
        return { own: loraAnswer(load(client, down as Vectors).net, options) };
      },
    });
  },
  server: (options, kit) => {
    const model: Adapted = loraModel(kit, options as Usual);
    const factors = factorsOf(model);
    const inner = averaging({
      weight: ({ up: { adapters }, examples }) => {
        if (options.weigh === "rows" || !adapters || examples === 0) return examples;
        return productNorm(adapters, factors, options.rank);
      },
    });
    const server = warmed(inner, { warm: options.warm, firsts: () => ({ adapters: firstBeside(kit, model.module) }) });
    return {
      ...server,
      gather: (state, round) => {
        const gathering = server.gather(state, round);
        return {
          ...gathering,
          add: (update) => {
            const name = Object.keys(update.up).find((one) => one.startsWith("adapters."));
            if (name === undefined) return gathering.add(update);
            const full = ofRank(update.up[name]!, factors, Number(name.slice(name.indexOf(".") + 1)), options.rank);
            gathering.add({ ...update, up: { adapters: full } });
          },
        };
      },
      down: ({ model, adapters }, { client }): Vectors => {
        const rank = rankOf(kit, client, options);
        return {
          model: model!,
          ...(adapters && { [`adapters.${rank}`]: ofRank(adapters, factors, options.rank, rank) }),
        };
      },
    };
  },
  laws: [
    { when: { least: 4, weigh: "rows" }, is: "fedlora" },
    { when: { warm: 1000 }, is: "fedavg" },
  ],
  presets: { safe: {} },
});
