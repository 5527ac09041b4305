// FSMAFL round by round in plain numbers: features told apart and brought together, answers on public rows agreed upon, own rows learnt.
import { tensor } from "../../../src/autograd/index.ts";
import type { Method, } from "../../../src/federated/method.ts";
import { methods } from "../../../src/federated/methods/index.ts";
import { FloatExamples } from "../../../src/nn/index.ts";
import { near } from "../../support/near.ts";
import {
  answersOf,
  bodySize,
  cohorts,
  descend,
  everybody,
  features,
  featuresOf,
  initial,
  linear,
  logSoftmaxOf,
  meanOf,
  modelOf,
  nllOf,
  odd,
  rows,
  softmaxes,
  steps,
  type V,
  worked,
} from "../../support/softmax.ts";
import { list } from "../../support/rules.ts";
import { assert, test } from "../../support/suite.ts";

const method: Method = methods.get("fsmafl")!;
const labels = [0, 1, 2, 2, 0];
const inputs = odd(2 * labels.length, 60, 1.5);
const open = labels.map((_, i) => inputs.slice(2 * i, 2 * i + 2));
const publicRows = (): FloatExamples => new FloatExamples(tensor(inputs, [labels.length, 2]), labels);
const hidden = 4;
const cut = features * hidden + hidden;

function domainOf(d: V, z: V): V {
  const first = linear(d.slice(0, cut), z, hidden).map((value) => Math.max(0, value));
  return logSoftmaxOf(linear(d.slice(cut), first, 2));
}

/** How badly own rows (1) and public ones (0) are told, or with names swapped. */
function toldApart(d: V, body: V, client: number, swapped: boolean): number {
  const named = [...open.map((x) => ({ x, kind: 0 })), ...rows(client).map(({ x }) => ({ x, kind: 1 }))];
  return meanOf(named.map(({ x, kind }) => -domainOf(d, featuresOf(body, x))[swapped ? 1 - kind : kind]!));
}

for (const { agree, align } of [{ agree: 2, align: 0 }, { agree: 0, align: 2 }, { agree: 1, align: 1 }])
  test(`FSMAFL with ${agree} epochs of agreeing and ${align} of aligning, round by round`, () => {
    const [agreeRate, alignRate] = [0.5, 2];
    const end = softmaxes(method, { agree, align, agreeRate, alignRate, hidden }, { publicRows });
    let domains: V = list(end.begun, "domains");
    let said: V[] | undefined;
    const own: V[] = everybody.map(() => initial);
    for (const who of cohorts) {
      const ups = who.map((i) => {
        let d = domains;
        let p = own[i]!;
        if (align > 0) {
          const count = worked(i, align);
          d = descend((d) => toldApart(d, p, i, false), d, { count });
          const body = descend((b) => toldApart(d, b, i, true), p.slice(0, bodySize), { count, rate: 0.1 * alignRate });
          p = [...body, ...p.slice(bodySize)];
        }
        const target = said;
        if (target && agree > 0) {
          const far = (p: V): number =>
            meanOf(open.flatMap((x, row) => modelOf(p, x).map((logp, c) => Math.abs(logp - target[row]![c]!))));
          p = descend(far, p, { count: worked(i, agree), rate: 0.1 * agreeRate });
        }
        own[i] = descend((p) => nllOf(p, i), p, { count: steps[i]! });
        return { d, answers: open.map((x) => modelOf(own[i]!, x)) };
      });
      domains = domains.map((_, k) => meanOf(ups.map(({ d }) => d[k]!)));
      said = open.map((_, row) => [0, 1, 2].map((c) => meanOf(ups.map(({ answers }) => answers[row]![c]!))));
    }
    near(list(end.server, "domains"), domains, 1e-7);
    near(list(end.server, "answers"), said!.flat(), 1e-6);
    near(end.kept.flatMap((kept) => list(kept, "own")), own.flat(), 1e-6);
    near(end.answers.flatMap((of) => of["own"]!), own.flatMap((p) => answersOf((x) => modelOf(p, x))), 1e-6);
  });

test("what is sent is as long as public rows and domains are, whatever the model", () => {
  const { replies } = softmaxes(method, { hidden }, { publicRows, rounds: 1 });
  for (const { up } of replies) {
    assert.equal(Object.keys(up).toSorted(), ["answers", "domains"]);
    assert.is(up["answers"]!.length, 3 * labels.length);
    assert.is(up["domains"]!.length, cut + 2 * hidden + 2);
  }
});

test("a client alone has nobody to agree with but itself, and stays where it is", () => {
  const still = { publicRows, rounds: 3, cohort: () => [1], optimizer: { kind: "sgd", lr: 0 } } as const;
  const { kept } = softmaxes(method, { agree: 3, align: 0 }, still);
  near(list(kept[1]!, "own"), initial, 0);
});

test.run();
