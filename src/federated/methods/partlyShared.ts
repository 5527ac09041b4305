// Methods that differ in which part of the model travels and which trains when: one client side, and a few lines each.
import { answering } from "../answering.ts";
import type { Kit } from "../kit.ts";
import type { Part } from "../../nn/parameters.ts";
import type { ClientSide, Turn } from "../method.ts";

/** Some epochs in which a part of the model trains and the rest stands still. */
export interface Phase {
  /** The parameters that move. */
  readonly train: Part;
  /** The config's unless said. */
  readonly epochs?: number | undefined;
  /** Names this training, where a turn has several. */
  readonly stream?: string;
}

/** What travels of a model, and what trains when. */
export interface Plan {
  /** What travels; the rest stays with the client. */
  readonly share: Part;
  /** Trainings of a turn, one after another. */
  readonly phases: readonly Phase[];
}

/** The model in two parts by name: the shared one travels, the other stays; phases train one or the other or both. */
export function partlyShared(kit: Kit, { share, phases }: Plan): ClientSide<"shared", "shared", "own"> {
  const net = kit.net();
  const rest: Part = (name) => !share(name);
  const steps = phases.map(({ train, ...which }) => ({
    ...which,
    optimizer: kit.optimizer(net.parameters, { only: train }),
  }));
  const load = ({ down, kept }: Turn<"shared", "own">): void => {
    net.parameters.copyFrom(kit.initial).write(share, down.shared);
    if (kept.own) net.parameters.write(rest, kept.own);
  };
  return {
    initial: () => ({ shared: net.parameters.copyFrom(kit.initial).read(share) }),
    *train(turn) {
      load(turn);
      let trainLoss = 0;
      for (const step of steps) ({ trainLoss } = yield* kit.train({ turn, loss: kit.loss(net), ...step }));
      return {
        up: { shared: net.parameters.read(share) },
        kept: { own: net.parameters.read(rest) },
        metrics: { trainLoss },
      };
    },
    answers(turn) {
      load(turn);
      return { own: answering(net) };
    },
  };
}
