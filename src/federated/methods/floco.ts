// Floco (Grinwald et al. 2024): in the place of a head there is a simplex of them. Every batch trains a point of it drawn by chance,
// so that all of them become heads; after some rounds a client has a region of its own, near those who moved the heads as it did.
import { fold } from "../../runtime/random.ts";
import { answering } from "../answering.ts";
import { pull } from "../kit.ts";
import { method, type Method, type Vector } from "../method.ts";
import { averaging, posted, without } from "../servers.ts";
import { minus } from "../vectors.ts";
import { scoresOf } from "./principal.ts";
import { drawn, everywhere, packed, spread, unpacked } from "./simplex.ts";
import { modelAt, simplexModel } from "./simplexModel.ts";

const count = { min: 1, whole: true };

export const floco: Method = method({
  name: "floco",
  paper: "arXiv 2403.03333",
  about: "a simplex of heads, of which each client has a region after tau rounds, by where it moved them until then",
  // corners; rounds until there are regions, and their radius; `plus`: Floco+, an own copy of it all held to what was sent
  options: { endpoints: 10, tau: 5, rho: 0.1, plus: false as boolean, lambda: 1 },
  ranges: { endpoints: count, tau: count, rho: { min: 0, max: 2 }, lambda: { min: 0 } },
  sends: ["model"],
  receives: ["model", "region"],
  keeps: ["own"],
  client: (kit, { endpoints, plus, lambda }) => {
    const all = everywhere(endpoints);
    let region = all;
    const module = simplexModel(kit.parts, endpoints, (mode) =>
      mode.train ? drawn(region, fold(mode.key, "simplex")) : region.centre,
    );
    const net = kit.net(module);
    const optimizer = kit.optimizer(net.parameters);
    const anchor = kit.vector(net.parameters.size);
    const correct = pull(net.parameters, anchor, lambda);
    const others = Array.from({ length: endpoints - 1 }, (_, m) => kit.first(kit.parts.head, `corner ${m + 1}`));
    const first = net.parameters.copyFrom([kit.initial, ...others].flatMap((v) => Array.from(v))).toArray() as Vector;
    const [mine, ours] = [kit.net(), kit.net()];
    const { length: body } = kit.initialParts.body;
    return {
      initial: () => ({ model: first }),
      *train(turn) {
        const { model } = turn.down;
        region = unpacked(turn.down.region);
        net.parameters.copyFrom(model);
        const { trainLoss } = yield* kit.train({ turn, loss: kit.loss(net), optimizer });
        const up = { model: net.parameters.toArray() };
        if (!plus) return { up, metrics: { trainLoss } };
        net.parameters.copyFrom(turn.kept.own ?? first);
        anchor.set(model);
        yield* kit.train({ turn, loss: kit.loss(net), optimizer, correct, stream: "own" });
        return { up, kept: { own: net.parameters.toArray() }, metrics: { trainLoss } };
      },
      // from the middle of its region, and for everybody from that of the simplex
      answers({ down, kept }) {
        mine.parameters.copyFrom(modelAt(kept.own ?? down.model, unpacked(down.region).centre, body));
        ours.parameters.copyFrom(modelAt(down.model, all.centre, body));
        return { own: answering(mine), shared: answering(ours) };
      },
    };
  },
  server: ({ endpoints, tau, rho }, kit) => {
    const mean = averaging();
    const { length: body } = kit.initialParts.body;
    return {
      begin: mean.begin,
      down: (state, { client }) => ({
        model: state["model"]!,
        region: state[`region.${client}`] ?? packed(everywhere(endpoints)),
      }),
      gather: (state, at) => {
        const gathering = mean.gather(state, at);
        // how each client moved the heads when it last did; who has not by then keeps all of the simplex
        const moves: Record<string, Vector> = {};
        return {
          spends: true,
          add: (update) => {
            gathering.add(update);
            if (at.round < tau && update.examples > 0)
              moves[`move.${update.client}`] = minus(update.up["model"]!, state["model"]!).slice(body);
          },
          result: () => {
            const next = { ...gathering.result(), ...moves };
            const known = posted(next, "move");
            if (at.round + 1 !== tau || known.length === 0) return next;
            const places = spread(scoresOf(known.map(({ vector }) => vector), endpoints)); // prettier-ignore
            const regions = known.map(({ client }, i) => [
              `region.${client}`,
              packed({ centre: places[i]!, radius: rho }),
            ]);
            return { ...without(next, (name) => name.startsWith("move.")), ...Object.fromEntries(regions) };
          },
        };
      },
    };
  },
  traffic: ({ body, head }, { endpoints }) => ({
    down: body + endpoints * head + endpoints + 1,
    up: body + endpoints * head,
  }),
  laws: [
    { when: { endpoints: 1 }, is: "fedavg" },
    { when: { endpoints: 1, plus: true, lambda: 0.7 }, is: "ditto", with: { lambda: 0.7 } },
  ],
  presets: {
    paper: {
      options: { tau: 250 },
      optimizer: { kind: "sgd", lr: 0.02, momentum: 0.5, weightDecay: 5e-4 },
      localEpochs: 5,
      batchSize: 50,
      rounds: 500,
      cohort: 30,
      note: "CIFAR-10, 100 clients in five folds; there all of them take part in the round before the regions",
    },
    library: {
      options: { tau: 250, rho: 0.3 },
      note: "Flower's baseline under Dirichlet 0.5, trained as in the paper",
    },
    safe: {},
  },
});
