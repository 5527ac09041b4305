// Federations after a federation, in plain numbers: a calibration that clients fit together, and Gaussians of a model's features.
import type { Update, Vectors } from "../../../src/federated/method.ts";
import { alikeByClass } from "../../../src/moe/calibration.ts";
import { calibration } from "../../../src/moe/methods/calibration.ts";
import { gaussians } from "../../../src/moe/methods/gaussians.ts";
import { key } from "../../../src/runtime/random.ts";
import { near } from "../../support/near.ts";
import {
  answersOf,
  classes,
  everybody,
  features,
  featuresOf,
  initial,
  logSoftmaxOf,
  modelOf,
  odd,
  rows,
  slopeOf,
  softmaxes,
  type V,
} from "../../support/softmax.ts";
import { list, sum } from "../../support/rules.ts";
import { assert, test } from "../../support/suite.ts";

const vector = (...values: number[]): Float64Array => Float64Array.from(values);
const held = everybody.flatMap((i) => rows(i, "validation"));
const counts = [0, 1, 2].map((c) => held.filter(({ label }) => label === c).length);
const round = { round: 1, cohort: 3, clients: 3, key: key(1) };

/** Softmax of a times log-probabilities and biases. */
const calibrated = (p: V, [a, ...b]: V, x: V): V => logSoftmaxOf(modelOf(p, x).map((l, c) => a! * l + b[c]!));

test("calibration: clients' sums lead where the loss over all rows held out, every class alike, is lowest", () => {
  const model = odd(initial.length, 40, 1.4);
  const present = counts.filter((count) => count > 0).length;
  const weights = counts.map((count) => (count > 0 ? 1 / (present * count) : 0));
  const prior = 1 / held.length;
  const loss = (at: V): number =>
    sum(held.map(({ x, label }) => -weights[label]! * calibrated(model, at, x)[label]!)) +
    (prior / 2) * sum(at.map((value, i) => (value - (i === 0 ? 1 : 0)) ** 2));
  const begun = { ...softmaxes(calibration, {}, { rounds: 0 }).begun, model: vector(...model) };
  near(list(begun, "calibration"), [1, 0, 0, 0], 0);
  const states: Vectors[] = [];
  const end = softmaxes(calibration, {}, { rounds: 12, cohort: () => everybody, state: begun, onRound: (state) => void states.push(state) });
  // first everybody counts, and then takes Newton's steps
  near(list(states[0]!, "counts", "weights", "calibration"), [...counts, ...weights, 1, 0, 0, 0], 1e-12);
  near(list(states[1]!, "bestLoss"), [loss([1, 0, 0, 0])], 1e-9);
  const first = list(states[1]!, "step");
  const g = slopeOf(loss, [1, 0, 0, 0]);
  const curves = g.map((_, i) => slopeOf((p) => slopeOf(loss, p)[i]!, [1, 0, 0, 0]));
  near(curves.map((row) => sum(row.map((x, j) => x * first[j]!))), g.map((x) => -x), 1e-4);
  near(list(states[1]!, "calibration"), [1 + first[0]!, ...first.slice(1)], 1e-12);
  // at the end the slope is nothing, and what was tried last is no better
  near(slopeOf(loss, list(end.server, "best")), [0, 0, 0, 0], 1e-7);
  near(list(end.server, "bestLoss"), [loss(list(end.server, "best"))], 1e-9);
  for (const { own } of end.answers) near(own!, answersOf((x) => calibrated(model, list(end.server, "best"), x)), 1e-6);
  near(list(end.server, "model"), model, 0);
  // also where nobody has had a turn
  const told = softmaxes(calibration, {}, { rounds: 0, state: end.server }).answers;
  near(told[0]!["own"]!, end.answers[0]!["own"]!, 1e-12);
  near(alikeByClass([2, 0, 6]), [1 / 4, 0, 1 / 12], 1e-12);
  // a client tells its part of the loss, and in the first round nothing of it
  const own = everybody.map((i) => sum(rows(i, "validation").map(({ x, label }) => -weights[label]! * calibrated(model, list(states.at(-2)!, "calibration"), x)[label]!)));
  near(end.replies.map(({ metrics }) => metrics["trainLoss"]!), own, 1e-9);
  const once = softmaxes(calibration, {}, { rounds: 1, cohort: () => everybody, state: begun });
  assert.equal(once.replies.map(({ metrics, examples }) => [metrics["trainLoss"], examples]), [[0, 3], [0, 3], [0, 3]]); // prettier-ignore
});

test("calibration's step is halved where the loss rose or stayed, and turns try what answers do not", () => {
  const server = calibration.server({}, undefined as never);
  const state = {
    model: vector(7),
    weights: vector(0.5, 0.5),
    counts: vector(3, 1),
    calibration: vector(3, 1, 1),
    best: vector(1, 0.5, 0.25),
    bestLoss: vector(2),
    step: vector(2, 0.5, 0.75),
  };
  const update = (client: number, loss: number): Update => ({
    client,
    up: { loss: vector(loss), gradient: vector(1, 0, 0), curvature: vector(1, 0, 0, 1, 0, 1) },
    examples: 2,
    metrics: { trainLoss: loss },
  });
  const after = (...losses: number[]): Vectors => {
    const gathering = server.gather(state, round);
    losses.forEach((loss, client) => gathering.add(update(client, loss)));
    return gathering.result();
  };
  // the prior of four rows is 1/8 (2^2 + 1 + 1) = 0.75
  for (const losses of [[1, 1], [1, 0.25]]) {
    const next = after(...losses);
    assert.equal([next["step"], next["calibration"]], [vector(1, 0.25, 0.375), vector(2, 0.75, 0.625)]);
    assert.equal([next["best"], next["bestLoss"]], [state.best, state.bestLoss]);
  }
  const lower = after(1, 0);
  assert.equal([lower["best"], lower["bestLoss"]], [state.calibration, vector(1.75)]);
  const [step] = lower["step"]!;
  // two clients' gradients and the prior's, over two curvatures and the prior's
  near([step!], [-(2 + 0.5) / (2 + 0.25)], 1e-12);
  near([lower["calibration"]![0]!], [3 + step!], 1e-12);
  const down = (purpose: "turn" | "answers" | "validation"): Vectors => server.down!(state, { client: 0, round: 1, purpose, key: key(1) });
  assert.equal(down("turn"), { model: state.model, weights: state.weights, calibration: state.calibration });
  for (const purpose of ["answers", "validation"] as const) assert.equal(down(purpose), { model: state.model, calibration: state.best });
});

test("Gaussians: counts, sums and squares of features of the rows held out, made anew in a round", () => {
  const model = odd(initial.length, 41, 0.9);
  const begun = softmaxes(gaussians, {}, { rounds: 0 }).begun;
  near(list(begun, "counts", "sums", "squares"), new Array<number>(classes + classes * features + features).fill(0), 0);
  const state = { ...begun, model: vector(...model) };
  // twice is as once
  for (const times of [1, 2]) {
    const { server, replies, answers } = softmaxes(gaussians, {}, { rounds: times, cohort: () => everybody, state });
    const z = held.map(({ x, label }) => ({ z: featuresOf(model, x), label }));
    const at = (k: number, some: typeof z): V => some.map((row) => row.z[k]!);
    const each = Array.from({ length: features }, (_, k) => k);
    near(list(server, "counts"), counts, 0);
    near(list(server, "sums"), [0, 1, 2].flatMap((c) => each.map((k) => sum(at(k, z.filter(({ label }) => label === c))))), 1e-9);
    near(list(server, "squares"), each.map((k) => sum(at(k, z).map((x) => x * x))), 1e-9);
    near(list(server, "model"), model, 0);
    assert.equal(replies.map(({ examples, metrics }) => [examples, metrics["trainLoss"]]), [[3, 0], [3, 0], [3, 0]]); // prettier-ignore
    for (const { own } of answers) near(own!, answersOf((x) => modelOf(model, x)), 1e-9);
    near(softmaxes(gaussians, {}, { rounds: 0, state: server }).answers[1]!["own"]!, answersOf((x) => modelOf(model, x)), 1e-9);
    const down = (purpose: "turn" | "answers" | "validation"): string[] =>
      Object.keys(gaussians.server({}, undefined as never).down!(server, { client: 0, round: 1, purpose, key: key(1) })).toSorted();
    assert.equal([down("turn"), down("validation"), down("answers")], [["model"], ["model"], ["counts", "model", "squares", "sums"]]); // prettier-ignore
  }
});

test.run();
