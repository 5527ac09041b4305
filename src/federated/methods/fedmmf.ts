// FedMMF (2021): every client fits a model of its own once, which masks its ratings, and the federation learns what that leaves over. Built
// after the abstract: what is shared is the body (factors of items), the head (factors of the user) stays with the client, and both
// learn the residual as the sum of two answers, of which the mask's stands still. Sums of log-probabilities are a product of two laws,
// brought to 1 again. Masks are not left out where they help little (its adaptive variant), and nothing is encrypted beyond them.
import { noGrad } from "../../autograd/op.ts";
import { add } from "../../autograd/ops/add.ts";
import { mul } from "../../autograd/ops/arithmetic.ts";
import { logSoftmax } from "../../autograd/ops/softmax.ts";
import type { Tensor } from "../../autograd/tensor.ts";
import { answering } from "../answering.ts";
import { method, type Method, type Turn } from "../method.ts";
import { averaging } from "../servers.ts";

export const fedmmf: Method = method({
  name: "fedmmf",
  paper: "arXiv 2109.02464",
  after: "abstract",
  about: "a shared body and an own head that learn what a model of the client's own, fitted once, leaves over",
  // `mask` is how much of the own model is taken off, and `epochs` what it is fitted for before the client's first turn
  options: { mask: 1, epochs: 1 },
  ranges: { mask: { min: 0 }, epochs: { min: 0, whole: true } },
  sends: ["items"],
  keeps: ["user", "mask"],
  client: (kit, { mask, epochs }) => {
    const { body, head } = kit;
    const [net, own] = [kit.net(), kit.net()];
    const optimizer = kit.optimizer(net.parameters);
    const fitting = kit.optimizer(own.parameters);
    const joined = (residual: Tensor, x: Tensor): Tensor => {
      const both = add(residual, mul(own.predict(x), mask));
      return kit.options.task ? both : logSoftmax(both);
    };
    const loss = mask === 0 ? kit.loss(net) : kit.loss({ forward: (x, mode) => joined(net.forward(x, mode), x) });
    const load = ({ down, kept }: Turn<"items", "user" | "mask">): void => {
      net.parameters.copyFrom(kit.initial).write(body, down.items);
      if (kept.user) net.parameters.write(head, kept.user);
      own.parameters.copyFrom(kept.mask ?? kit.initial);
    };
    return {
      initial: () => ({ items: net.parameters.copyFrom(kit.initial).read(body) }),
      *train(turn) {
        load(turn);
        if (mask > 0 && !turn.kept.mask)
          yield* kit.train({ turn, loss: kit.loss(own), optimizer: fitting, epochs, stream: "mask" });
        const { trainLoss } = yield* kit.train({ turn, loss, optimizer });
        return {
          up: { items: net.parameters.read(body) },
          kept: { user: net.parameters.read(head), ...(mask > 0 && { mask: own.parameters.toArray() }) },
          metrics: { trainLoss },
        };
      },
      answers(turn) {
        load(turn);
        return { own: mask === 0 ? answering(net) : (x) => noGrad(() => joined(net.predict(x), x)) };
      },
    };
  },
  server: () => averaging(),
  traffic: ({ body }) => ({ down: body, up: body }),
  laws: [{ when: { mask: 0 }, is: "fedper" }],
  presets: { safe: { options: { mask: 0.5 } } },
});
