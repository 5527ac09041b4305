// CoMiGS (Fan et al. 2025): beside every layer an adapter that all clients average, some that are a client's own, and a router of its own
// that weighs them row by row. Adapters learn on training rows and the router on held-out ones, each by steps of its own: in the authors'
// code gradients of one reach the other's next step, and top-2 is a softmax of a softmax, which are left out. The held-out rows are the
// validation rows, by which rounds are chosen, too.
import type { Steps } from "../../runtime/steps.ts";
import { method, type Method, type Turn } from "../method.ts";
import { averaging } from "../servers.ts";
import { Tally } from "../tally.ts";
import { firstBeside, loaded, overBase, partOf, usual, usualRanges, warmed } from "./adapters.ts";
import { Load, loadedAnswer } from "./load.ts";
import { isExpert, isGeneralist, isPrivate, isRouter, mixtureModel } from "./ownRouter.ts";

const COUNT = { min: 1, whole: true } as const;

export const comigs: Method = method({
  name: "comigs",
  paper: "arXiv 2410.06973",
  about:
    "a common adapter and some of the client's own beside every layer, weighed by its router, which learns on held-out rows",
  // `specialists` beside the common one, of which a row has `k` in all; after `every` steps of adapters the router does `routerSteps`, and
  // so at the end of a turn. With `heldOut` false it learns on training rows, which is what the held-out ones are to be held against
  options: { ...usual, specialists: 1, k: 2, every: 30, routerSteps: 10, heldOut: true as boolean },
  ranges: {
    ...usualRanges,
    specialists: { min: 0, whole: true },
    k: COUNT,
    every: COUNT,
    routerSteps: { min: 0, whole: true },
  },
  sends: ["model?", "adapters?"],
  receives: ["model", "adapters?"],
  keeps: ["own"],
  client: (kit, options) => {
    const { every, routerSteps, heldOut, specialists } = options;
    const counted = new Load(1 + specialists);
    let answers = false;
    const net = kit.net(mixtureModel(kit, options, (mixed) => answers && counted.add(mixed)).module);
    const [experts, router] = [isExpert, isRouter].map((only) => kit.optimizer(net.parameters, { only }));
    const loss = kit.loss(net);
    const all = kit.first(net.module, "adapters");
    const first = partOf(net.module, all, isPrivate);
    const load = ({ down, kept }: Turn<"model" | "adapters?", "own">): void =>
      loaded(net, down.model, [
        [isGeneralist, down.adapters!],
        [isPrivate, kept.own ?? first],
      ]);
    function* route(turn: Turn, phase: number): Steps<void> {
      const examples = heldOut ? turn.own.validation : turn.own.train;
      let steps = 0;
      for (const at of kit.batches(turn, { examples, epochs: 1, stream: `router ${phase}` })) {
        if (steps++ === routerSteps) break;
        kit.step(at, { loss, optimizer: router });
        yield;
      }
    }
    return overBase<"adapters?", "model" | "adapters?", "own">(kit, {
      *train(turn) {
        load(turn);
        answers = false;
        kit.begin(turn, experts!, router!);
        const tally = new Tally();
        for (const at of kit.batches(turn)) {
          tally.add(at, kit.step(at, { loss, optimizer: experts }));
          yield;
          if (specialists > 0 && tally.steps % every === 0) yield* route(turn as Turn, tally.steps);
        }
        if (specialists > 0 && tally.steps % every > 0) yield* route(turn as Turn, tally.steps);
        return {
          up: { adapters: net.parameters.read(isGeneralist) },
          kept: { own: net.parameters.read(isPrivate) },
          metrics: { trainLoss: tally.trainLoss },
        };
      },
      answers(turn) {
        load(turn);
        answers = true;
        return { own: loadedAnswer(net, counted, 1 + specialists) };
      },
    });
  },
  server: (options, kit) =>
    warmed(averaging(), {
      warm: options.warm,
      firsts: () => ({ adapters: firstBeside(kit, mixtureModel(kit, options).module, isGeneralist) }),
    }),
  laws: [
    { when: { specialists: 0 }, is: "fedlora" },
    { when: { warm: 1000 }, is: "fedavg" },
  ],
  presets: {
    paper: {
      options: { specialists: 1, k: 2, every: 30, routerSteps: 10 },
      rounds: 20,
      note: "adapters in the feed-forward layers of GPT-2 (layers=linear1+linear2 here), 4 clients, 10 steps a round",
    },
    safe: {},
  },
});
