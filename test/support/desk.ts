// What a client makes of a federation's answers, whole as it is but in double precision on the reference engine: the second client
// of test/support/softmax.ts, and models given as numbers.
import { sigmoid, tensor } from "../../src/autograd/index.ts";
import { answering } from "../../src/federated/answering.ts";
import type { Answer, Options } from "../../src/federated/method.ts";
import type { Scores } from "../../src/moe/evaluate.ts";
import { personals, usualEntries } from "../../src/moe/methods/index.ts";
import { Desk, type DeskOptions } from "../../src/moe/personal.ts";
import { Apply, FloatExamples, Linear, type Module, Net, Sequential } from "../../src/nn/index.ts";
import { Kept } from "../../src/runtime/kept.ts";
import { type Key, key } from "../../src/runtime/random.ts";
import { finish } from "../../src/runtime/steps.ts";
import { exact, type Rows } from "./exact.ts";
import { near } from "./near.ts";
import { answersOf, initial, type V, world } from "./softmax.ts";

/** Whose rows they are. */
export const client = 1;

/** Where its random numbers are, and those that gates and local models begin from. */
export const root: Key = key(3);
export const first: DeskOptions["init"] = { local: key(1), gate: key(2) };

export const gateModule: Sequential = new Sequential({
  fc1: new Linear(2, 3),
  sigmoid: new Apply(sigmoid),
  out: new Linear(3, 1),
});

/** The same for a mixture of three. */
export const threeGate: Sequential = new Sequential({
  fc1: new Linear(2, 3),
  sigmoid: new Apply(sigmoid),
  out: new Linear(3, 3),
});

/** First values are draws at their addresses, and not what is tested with this. */
export const initialOf = (module: Module, at: Key): V =>
  exact(() => Array.from(new Net(module, { group: "private" }).init(at).parameters.toArray()));

export interface Found {
  readonly answers: V;
  /** Of what is the client's own, at the same points. */
  readonly weights: V | undefined;
  readonly weight: number | undefined;
  /** The epoch that was kept, from 0. */
  readonly epochs: number | undefined;
  /** On the points as a test whose rows are of these labels, the first two of them the client's own. */
  readonly scores: Scores | undefined;
}

export interface Given extends Pick<Partial<DeskOptions>, "calibration" | "gaussians"> {
  /** The federation's answer, or the models that it is made of. */
  readonly own?: readonly V[];
  /** Models beside it, by role. */
  readonly others?: Readonly<Record<string, V>>;
  readonly keep?: "best" | "last";
  /** Where an answer depends on what came before, it is not the same one by one. */
  readonly apart?: boolean;
}

/** What a value answers at four points: by default four full-gradient steps of SGD at 0.1, the epoch that validates best. */
export function made(
  name: string,
  options: Options,
  { own = [initial], others = {}, keep = "best", apart = true, ...more }: Given = {},
): Found {
  return exact(() => {
    const kept = new Kept();
    const answerOf = (p: V): Answer => {
      const net = kept.add(new Net(world.model, { group: "private", trainable: false }));
      net.parameters.copyFrom(p);
      return answering(net);
    };
    const examples = ({ x, width, labels }: Rows): FloatExamples =>
      kept.add(new FloatExamples(tensor(x, [labels.length, width]), [...labels]));
    const parts = own.map(answerOf);
    const training = {
      lr: 0.1,
      rule: { kind: "sgd" },
      epochs: 4,
      batchSize: 1000,
      validateEvery: 1,
      patience: 99,
      margin: 0,
      keep,
    } as const;
    const { train, validation } = world.clients[client]!;
    const desk = new Desk({
      answers: {
        own: parts.length > 1 ? Object.assign((x: Parameters<Answer>[0]) => parts[0]!(x), { parts }) : parts[0]!,
        ...Object.fromEntries(Object.entries(others).map(([role, p]) => [role, answerOf(p)])),
      },
      own: { train: examples(train), validation: examples(validation), classes: 3 },
      expert: world.model,
      gate: gateModule,
      threeGate,
      output: "logSoftmax",
      settings: { training, mixture: { ...training, space: "probability", gateOnly: false, generalistDropout: false } },
      entries: { ...usualEntries, [name]: { value: personals.get(name)!, options } },
      init: first,
      key: root,
      ...more,
    });
    const predictor = finish(desk.of(name));
    const labels = [2, 0, 1, 2];
    const points: number[][] = [];
    answersOf((x) => (points.push([...x]), x));
    const asked = examples({ x: points.flat(), width: 2, labels });
    const found: Found = {
      answers: Array.from(predictor.on(asked).toArray()),
      weights: predictor.weights && Array.from(predictor.weights(asked)),
      weight: predictor.weight,
      epochs: predictor.fit?.bestEpoch,
      scores: predictor.scores?.({
        examples: asked,
        classes: 3,
        local: Int32Array.of(0, 1),
        global: Int32Array.of(0, 1, 2, 3),
      }),
    };
    // one by one as all together
    if (apart)
      near(
        answersOf((x) => Array.from(predictor.predict(tensor(x, [1, 2])).toArray())),
        found.answers,
        1e-12,
      );
    desk.dispose();
    kept.dispose();
    return found;
  });
}
