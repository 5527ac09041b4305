// FedMS (2023; FedFMSL, 2024, is the same mechanism): one adapter that everybody has trained and one of the client's own, mixed by a gate
// of which a part, its adapter, is averaged. Adapters are switched on one layer after another. Built from the abstracts: the gate's form,
// that its answers are mixed as probabilities, and the order of layers, the last ones first, are our reading.
import { noGrad } from "../../autograd/op.ts";
import { add } from "../../autograd/ops/add.ts";
import { mixture, mixtureNll } from "../../autograd/ops/mixture.ts";
import { mean } from "../../autograd/ops/sum.ts";
import { isBeside, placeOf } from "../../nn/adapted.ts";
import { Linear } from "../../nn/layers.ts";
import { Lora } from "../../nn/loraMixture.ts";
import { type Module, Sequential } from "../../nn/module.ts";
import type { Rated } from "../../nn/optimizers.ts";
import type { Parameters, Part } from "../../nn/parameters.ts";
import { method, type Method, type Turn, type Vectors } from "../method.ts";
import { averaging } from "../servers.ts";
import { firstBeside, loaded, overBase, partOf, usual, usualRanges, warmed } from "./adapters.ts";
import { loraAnswer, loraModel } from "./fedlora.ts";

/** From features to a logit: a residual low-rank adapter, and a linear layer. */
function gateOf(features: number, rank: number): Module {
  const low = new Lora(features, features, { rank });
  const adapter: Module = {
    specs: low.specs,
    bind: (tensors) => {
      const forward = low.bind(tensors);
      return (x, mode) => add(x, forward(x, mode));
    },
  };
  return new Sequential({ adapter, top: new Linear(features, 1) });
}

const isShared: Part = (name) => name.startsWith("adapter.");
const isOwn: Part = (name) => !isShared(name);

/** How many of `count` layers, the last ones first, are switched on in round `t` of a stage, where all are after `over` rounds. */
export function switchedOn(count: number, t: number, over: number): number {
  // in no time, a whole over 0: more than all
  return Math.ceil(count * Math.min(1, (t + 1) / over));
}

export const fedms: Method = method({
  name: "fedms",
  paper: "arXiv 2312.15926",
  after: "abstract",
  about: "an adapter of everybody and one of the client's own, mixed by a gate whose own adapter is averaged",
  needsClasses: true,
  // rounds in which the common adapter is made; rounds until a stage trains adapters at all layers; rank of the gate's adapter
  options: { ...usual, common: 2, activate: 2, gateRank: 2 },
  ranges: {
    ...usualRanges,
    common: { min: 0, whole: true },
    activate: { min: 0, whole: true },
    gateRank: { min: 1, whole: true },
  },
  sends: ["model?", "adapters?", "gate?"],
  receives: ["model", "adapters?", "gate?"],
  keeps: ["own", "gate"],
  client: (kit, options) => {
    const { module, sites } = loraModel(kit, options);
    const [common, own] = [kit.net(module), kit.net(module)];
    const body = kit.net(kit.parts.body, { trainable: false });
    const gate = kit.net(gateOf(kit.features, options.gateRank));
    const firsts = { own: firstBeside(kit, module), gate: partOf(gate.module, kit.first(gate.module, "gate"), isOwn) };
    const made = new Map<string, Rated>();
    const optimizer = (name: string, of: readonly Parameters[], round: number): Rated => {
      const on = switchedOn(sites.length, round, options.activate);
      const active = new Set(sites.slice(sites.length - on).map((site) => site.name));
      const key = `${name} ${on}`;
      const only: Part = (one) => !isBeside(one) || active.has(placeOf(one).site);
      if (!made.has(key)) made.set(key, kit.optimizer(of, { only }));
      return made.get(key)!;
    };
    const load = ({ down, kept }: Turn<"model" | "adapters?" | "gate?", "own" | "gate">): boolean => {
      loaded(common, down.model, [[isBeside, down.adapters!]]);
      if (!down.gate) return false;
      loaded(own, down.model, [[isBeside, kept.own ?? firsts.own]]);
      gate.parameters.write(isShared, down.gate).write(isOwn, kept.gate ?? firsts.gate);
      body.parameters.copyFrom(down.model.subarray(0, body.parameters.size));
      return true;
    };
    return overBase<"adapters?" | "gate?", "model" | "adapters?" | "gate?", "own" | "gate">(kit, {
      *train(turn) {
        if (!load(turn)) {
          const stepping = optimizer("common", [common.parameters], turn.round - options.warm);
          const { trainLoss } = yield* kit.train({ turn, loss: kit.loss(common), optimizer: stepping });
          return { up: { adapters: common.parameters.read(isBeside) }, metrics: { trainLoss } };
        }
        const { trainLoss } = yield* kit.train({
          turn,
          loss: ({ x, labels }, mode) =>
            mean(mixtureNll(own.forward(x, mode), common.predict(x), gate.forward(body.predict(x)), labels)),
          optimizer: optimizer("own", [own.parameters, gate.parameters], turn.round - options.warm - options.common),
        });
        const kept = { own: own.parameters.read(isBeside), gate: gate.parameters.read(isOwn) };
        return { up: { gate: gate.parameters.read(isShared) }, kept, metrics: { trainLoss } };
      },
      answers(turn) {
        const shared = loraAnswer(common, options);
        if (!load(turn)) return { own: shared };
        return {
          own: (x) => noGrad(() => mixture(own.predict(x), common.predict(x), gate.predict(body.predict(x)))),
          shared,
        };
      },
    });
  },
  server: (options, kit) => {
    const gate = gateOf(kit.features, options.gateRank);
    const stage = (from: number, firsts: () => Vectors) => ({ warm: from, firsts });
    const second = stage(options.warm + options.common, () => ({
      gate: partOf(gate, kit.first(gate, "gate"), isShared),
    }));
    const first = stage(options.warm, () => ({ adapters: firstBeside(kit, loraModel(kit, options).module) }));
    return warmed(warmed(averaging(), second), first);
  },
  laws: [
    { when: { common: 1000, activate: 0 }, is: "fedlora" },
    { when: { warm: 1000 }, is: "fedavg" },
  ],
  presets: { safe: {} },
});
