// FedBABU (Oh et al. 2022): the head stays as it was drawn while the federation trains the body; a client fits its own model
// to its rows when it is to answer.
import type { Part } from "../../nn/parameters.ts";
import { answering } from "../answering.ts";
import { method, type Method } from "../method.ts";
import { averaging } from "../servers.ts";
import { partlyShared } from "./partlyShared.ts";

export const fedbabu: Method = method({
  name: "fedbabu",
  paper: "arXiv 2106.06042",
  about: "only the body is trained and shared; each client fine-tunes before it answers",
  // epochs before answering, of the head, the body or both
  options: { epochs: 5, part: "all" },
  ranges: { epochs: { min: 0, whole: true }, part: { of: ["all", "head", "body"] } },
  sends: ["shared"],
  keeps: ["own"],
  client: (kit, { epochs, part }) => {
    const { train, initial } = partlyShared(kit, { share: kit.body, phases: [{ train: kit.body }] });
    const [net, parts] = [kit.net(), { all: (): boolean => true, head: kit.head, body: kit.body }];
    const only = parts[part as keyof typeof parts] satisfies Part;
    const optimizer = kit.optimizer(net.parameters, { only });
    return {
      initial,
      train,
      *answers(turn) {
        net.parameters.copyFrom(kit.initial).write(kit.body, turn.down.shared);
        yield* kit.train({ turn, loss: kit.loss(net), optimizer, epochs, stream: "answer" });
        return { own: answering(net) };
      },
    };
  },
  server: () => averaging(),
  traffic: ({ body }) => ({ down: body, up: body }),
  presets: {
    paper: {
      optimizer: { kind: "sgd", lr: 0.1, momentum: 0.9 },
      note: "epochs times rounds are 320, the rate falls at half and three quarters",
    },
    library: { options: { epochs: 10 }, note: "PFLlib" },
    safe: {},
  },
});
