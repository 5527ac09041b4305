// Fed-MoE (IJCAI 2025), after its code (FancyAI-SCNU/FedMoE_IJCAI_2025@26a979d): the server has a mixture that it trains on rows that are
// public, and on these finds out which clients' models an expert should take of, and which experts a client should begin with. What its
// code does otherwise: experts begin apart and softmaxes are taken twice; a single expert has the gate value 1, so that its gate learns
// of balance alone (here its probability, and the main expert the rest); outputs are mixed rather than probabilities; the gate also
// learns to tell classes apart; the main expert has 20 epochs by itself, five times a round; the main mean is over clients, not rows.
import { finish } from "../../runtime/steps.ts";
import { answering } from "../answering.ts";
import { method, type Method, type Turn, type Update, type Vectors } from "../method.ts";
import { softmaxAt } from "../mixed.ts";
import { Sums, without } from "../servers.ts";
import { between, combination } from "../vectors.ts";
import { affinities, expertOf, PublicMixture } from "./publicMixture.ts";

const SHARE = { min: 0, max: 1 } as const;

/** What a client is to begin with: experts by how they suit it, as far as they are trusted, and the main expert. */
function pulled(state: Vectors, client: number, { experts, trust }: { experts: number; trust: number }): Vectors {
  const suits = state[`suits.${client}`] ?? Array.from({ length: experts }, () => 1 / experts);
  const terms = Array.from(suits, (suit, e) => [trust * suit, state[expertOf(e)]!] as const);
  return { model: combination([...terms, [1 - trust, state["main"]!]]) };
}

export const fedmoepublic: Method = method({
  name: "fed-moe",
  paper: "Fed-MoE, IJCAI 2025",
  about:
    "a server's mixture that learns on public rows, takes of clients by what its gate and they make of these, and hands back",
  needsClasses: true,
  needsPublic: true,
  // experts become (1 - take) of themselves, clients keep `keep` of theirs; `epochs` on public rows a round; softmaxes are at `tau`
  options: { experts: 5, k: 1, trust: 0.9, take: 0.1, keep: 0.1, epochs: 1, balance: 0.1, tau: 0.1 },
  ranges: {
    experts: { min: 1, whole: true },
    k: { min: 1, whole: true },
    trust: { min: 0, max: 0.99 },
    take: SHARE,
    keep: SHARE,
    epochs: { min: 0, whole: true },
    balance: { min: 0 },
    tau: { min: 1e-6 },
  },
  sends: ["model"],
  receives: ["model", "main?", "gate?", "expert.*"],
  keeps: ["own"],
  client: (kit, options) => {
    const net = kit.net();
    const optimizer = kit.optimizer(net.parameters);
    let mixture: PublicMixture | undefined; // only who answers has the server's
    const load = ({ down, kept }: Turn<"model" | "main?" | "gate?" | "expert.*", "own">): void =>
      void net.parameters.copyFrom(kept.own ? between(down.model, kept.own, options.keep) : down.model);
    return {
      initial: () => ({ model: kit.initial }),
      *train(turn) {
        load(turn);
        const { trainLoss } = yield* kit.train({ turn, loss: kit.loss(net), optimizer });
        const own = net.parameters.toArray();
        return { up: { model: own }, kept: { own }, metrics: { trainLoss } };
      },
      answers(turn) {
        load(turn);
        if (!turn.down.gate) return { own: answering(net) };
        const held = (mixture ??= new PublicMixture(kit, options));
        held.load(turn.down as Vectors);
        return { own: answering(net), shared: (x) => held.answer(x) };
      },
    };
  },
  server: (options, kit) => {
    const { experts, take, epochs, tau } = options;
    const mixture = new PublicMixture(kit, options);
    return {
      begin: ({ model }) => mixture.begin(model!),
      down: (state, { client, purpose }) => ({
        ...pulled(state, client, options),
        ...(purpose === "answers" && without(state, (name) => name.startsWith("suits."))),
      }),
      gather: (state, round) => {
        const updates: Update[] = [];
        return {
          add: (update) => void (update.examples > 0 && updates.push(update)),
          result: () => {
            if (updates.length === 0) return state;
            const models = updates.map(({ up }) => up["model"]!);
            const believed = models.map((model) => mixture.believed(model));
            mixture.load(state);
            const sums = new Sums();
            for (const { up, examples, client } of updates) sums.add("main", up["model"]!, examples, client);
            const taken = affinities(mixture.gates(), believed, experts).map((of, e) => {
              const found = combination(softmaxAt(of, tau).map((weight, i) => [weight, models[i]!] as const));
              return [expertOf(e), between(state[expertOf(e)]!, found, take)] as const;
            });
            mixture.load({ ...state, ...Object.fromEntries(taken), ...sums.means() });
            finish(mixture.train(round, epochs));
            const after = affinities(mixture.gates(), believed, experts);
            const suits = updates.map(({ client }, i) => {
              const column = after.map((row) => row[i]!);
              return [`suits.${client}`, Float64Array.from(softmaxAt(column, tau))] as const;
            });
            return { ...state, ...mixture.state(), ...Object.fromEntries(suits) };
          },
        };
      },
    };
  },
  traffic: ({ model }) => ({ down: model, up: model }),
  laws: [{ when: { trust: 0, keep: 0, epochs: 0 }, is: "fedavg" }],
  presets: {
    library: {
      options: { experts: 5, k: 1, trust: 0.9, take: 0.1, keep: 0.1, epochs: 5, balance: 0.1, tau: 0.005 },
      optimizer: { kind: "adam", lr: 1e-4, weightDecay: 5e-4 },
      localEpochs: 2,
      batchSize: 32,
      rounds: 100,
      cohort: 5,
      note: "CIFAR-10, ResNet-18, 1,000 public rows a class; sums over 200 of them, which is this tau",
    },
    safe: { options: { k: 2 } },
  },
});
