// pFedMoAP (Luo et al. 2025): a client trains its own prompt beside those of others that are near to it, which stand still, under an
// attention of its own. Here there is no model of images and words: prompts are heads on one body, their text features a head's rows, one
// a class, and attention weighs, class by class, whose row answers. The authors' code draws the others by chance; here they are nearest.
import { noGrad } from "../../autograd/op.ts";
import { linear } from "../../autograd/ops/matmul.ts";
import { nll } from "../../autograd/ops/nll.ts";
import { logSoftmax } from "../../autograd/ops/softmax.ts";
import { mean } from "../../autograd/ops/sum.ts";
import type { Tensor } from "../../autograd/tensor.ts";
import { fanInUniform } from "../../nn/init.ts";
import { Linear } from "../../nn/layers.ts";
import type { Module } from "../../nn/module.ts";
import { method, type Method, type Turn, type Vector, type Vectors } from "../method.ts";
import { averaging } from "../servers.ts";
import { overBase, warmed } from "./adapters.ts";
import { attended, type Head, nearestHeads } from "./headPool.ts";

const WHOLE = { min: 0, whole: true } as const;

export const pfedmoap: Method = method({
  name: "pfedmoap",
  paper: "arXiv 2410.10114",
  about: "a client's head beside the nearest of others, which stand still, under an attention of its own",
  needsClasses: true,
  // of the `experts` nearest heads; `width` of the attention; its own head counts `lambda` more; FedAvg makes the body in `warm` rounds
  options: { experts: 4, width: 16, lambda: 0.5, warm: 2 },
  ranges: { experts: WHOLE, width: { min: 1, whole: true }, lambda: { min: 0 }, warm: WHOLE },
  sends: ["model?", "head?"],
  receives: ["model", "head?", "peer.*"],
  peers: ["peer.*"],
  keeps: ["own", "gate"],
  client: (kit, { experts, width, lambda }) => {
    const { features, classes } = kit;
    const body = kit.net(kit.parts.body, { trainable: false });
    const head = kit.net(new Linear(features, classes));
    const others = Array.from({ length: experts }, () => kit.net(new Linear(features, classes), { trainable: false }));
    const project = (name: string) => ({ name, shape: [width, features], init: fanInUniform(features) });
    const module: Module = { specs: [project("query"), project("key")], bind: () => (x) => x };
    const gate = kit.net(module);
    const optimizer = kit.optimizer([head.parameters, gate.parameters]);
    const load = ({ down, kept }: Turn<"model" | "head?" | "peer.*", "own" | "gate">, from: Vector): number => {
      body.parameters.copyFrom(down.model.subarray(0, body.parameters.size));
      head.parameters.copyFrom(from);
      gate.parameters.copyFrom(kept.gate ?? kit.first(module, "gate"));
      const near = Object.entries(down).filter(([name]) => name.startsWith("peer."));
      near.forEach(([, vector], k) => others[k]!.parameters.copyFrom(vector));
      return near.length;
    };
    const answer = (z: Tensor, near: number): Tensor => {
      const all = [head, ...others.slice(0, near)].map(({ parameters }) => parameters.tensors as unknown as Head);
      // alone it is a head like any other
      if (near === 0) return logSoftmax(linear(z, ...all[0]!));
      return logSoftmax(attended(z, all, gate.parameters.tensors as unknown as [Tensor, Tensor], lambda));
    };
    return overBase<"head?", "model" | "head?" | "peer.*", "own" | "gate">(kit, {
      *train(turn) {
        const near = load(turn, turn.down.head!);
        const { trainLoss } = yield* kit.train({
          turn,
          loss: ({ x, labels }) => mean(nll(answer(body.predict(x), near), labels)),
          optimizer,
        });
        const own = head.parameters.toArray();
        return { up: { head: own }, kept: { own, gate: gate.parameters.toArray() }, metrics: { trainLoss } };
      },
      answers(turn) {
        const near = load(turn, turn.kept.own ?? turn.down.head!);
        return { own: (x) => noGrad(() => answer(body.predict(x), near)) };
      },
    });
  },
  server: ({ experts, warm }, kit) => {
    const size = kit.initialParts.body.length;
    const server = warmed(averaging(), { warm, firsts: ({ model }) => ({ head: model!.slice(size) }) });
    return {
      ...server,
      gather: (state, round) => {
        const gathering = server.gather(state, round);
        const pool: Record<string, Vector> = {};
        return {
          add: (update) => {
            gathering.add(update);
            if (update.up["head"]) pool[`pool.${update.client}`] = update.up["head"];
          },
          result: () => ({ ...gathering.result(), ...pool }),
        };
      },
      down: (state, { client }): Vectors => {
        const { model, head } = state;
        if (!head) return { model: model! };
        const near = nearestHeads(state, client, experts).map((one) => [`peer.${one}`, state[`pool.${one}`]!] as const);
        return { model: model!, head, ...Object.fromEntries(near) };
      },
    };
  },
  laws: [{ when: { warm: 1000 }, is: "fedavg" }],
  presets: {
    paper: {
      options: { experts: 10, width: 128, lambda: 0.5 },
      optimizer: { kind: "sgd", lr: 0.002 },
      localEpochs: 5,
      note: "prompts of CLIP; the gate's rate was 0.01",
    },
    safe: {},
  },
});
