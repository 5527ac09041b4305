// Fine-tuning (Cheng et al. 2021: FTFA), of all of a model, of its head, or of its head first and then of all of it; and, held
// to where it began, RTFA.
import { persistent } from "../../autograd/tensor.ts";
import { pull } from "../../federated/kit.ts";
import type { Net } from "../../nn/net.ts";
import type { Part } from "../../nn/parameters.ts";
import { fold } from "../../runtime/random.ts";
import { expertOn } from "../evaluate.ts";
import { type OnValidation, trainAloneSteps } from "../alone.ts";
import { type Desk, personal, type Personal } from "../personal.ts";

const ranges = { lr: { min: 0 }, epochs: { min: 0, whole: true } } as const;

function hearing(desk: Desk, name: string, net: Net): OnValidation | undefined {
  return desk.listen(name, (asked) => expertOn(net, asked, desk.own.classes, desk.options.output));
}

/** Names of the parameters of a net's head. */
export function headOf(net: Net, what: string): Part {
  const parts = net.module.split?.();
  if (!parts)
    throw new TypeError(`${what}: got a model that cannot be split into body and head, expected one; use a Sequential`);
  const names = new Set(parts.head.specs.map(({ name }) => name));
  return (name) => names.has(name);
}

export const finetuned: Personal = personal({
  name: "finetuned",
  paper: "arXiv 2108.07313",
  about: "the federation's model, trained on by the client (FTFA)",
  // `of` says what it begins as: the federation's answer to the client, or another one's name
  options: ({ training: { lr, epochs } }) => ({ of: "own", lr, epochs }),
  ranges,
  *make(desk, { of, lr, epochs }, name) {
    const net = desk.copyOf(yield* desk.of(of), name);
    const training = { ...desk.settings.training, lr, epochs };
    const fit = yield* trainAloneSteps(net, desk.own, training, fold(desk.key, name), hearing(desk, name, net));
    return desk.expert(net, { fit, nets: { model: net } });
  },
});

export const head: Personal = personal({
  name: "head",
  paper: "",
  about: "the federation's model, whose head alone is trained on by the client (linear probing)",
  options: ({ training: { lr, epochs } }) => ({ of: "own", lr, epochs }),
  ranges,
  *make(desk, { of, lr, epochs }, name) {
    const net = desk.copyOf(yield* desk.of(of), name);
    const only = headOf(net, name);
    const training = { ...desk.settings.training, lr, epochs };
    const hears = hearing(desk, name, net);
    const fit = yield* trainAloneSteps(net, desk.own, training, fold(desk.key, "head"), hears, { only });
    return desk.expert(net, { fit, nets: { model: net } });
  },
});

export const lpft: Personal = personal({
  name: "lp-ft",
  paper: "arXiv 2511.12695",
  about: "the federation's model, whose head is trained on first, and then all of it at a smaller rate",
  // `slower` is the second rate's share of the first
  options: ({ training: { lr, epochs } }) => ({ head: "head", epochs, lr, slower: 0.1 }),
  ranges: { ...ranges, slower: { min: 0 } },
  *make(desk, { head: probed, epochs, lr, slower }, name) {
    const net = desk.copyOf(yield* desk.of(probed), name);
    const training = { ...desk.settings.training, lr: slower * lr, epochs };
    const fit = yield* trainAloneSteps(net, desk.own, training, fold(desk.key, "lp-ft"), hearing(desk, name, net));
    return desk.expert(net, { fit, nets: { model: net } });
  },
});

export const rtfa: Personal = personal({
  name: "rtfa",
  paper: "arXiv 2108.07313",
  about: "fine-tuned with lambda/2 |v - w|^2 in the loss, which holds it to the federation's model (RTFA)",
  options: ({ training: { lr, epochs } }) => ({ of: "own", lambda: 0.1, lr, epochs }),
  ranges: { ...ranges, lambda: { min: 0 } },
  *make(desk, { of, lambda, lr, epochs }, name) {
    const from = yield* desk.of(of);
    const net = desk.copyOf(from, name);
    const anchor = desk.kept.add(persistent([net.parameters.size])).set(from.net!.parameters.toArray());
    const training = { ...desk.settings.training, lr, epochs };
    const hears = hearing(desk, name, net);
    // the same address as without: lambda 0 is fine-tuning
    const fit = yield* trainAloneSteps(net, desk.own, training, fold(desk.key, "finetuned"), hears, {
      correct: pull(net.parameters, anchor, lambda),
    });
    return desk.expert(net, { fit, nets: { model: net } });
  },
});
