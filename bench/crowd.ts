// Clients of a network of some size, for as many workers as are wanted: what the suite of workers races.
import { logSoftmax, tensor } from "../src/autograd/index.ts";
import { type Bench, Kit, methods } from "../src/federated/index.ts";
import { Apply, FloatExamples, Linear, Net, Sequential } from "../src/nn/index.ts";
import { key } from "../src/runtime/random.ts";

/** A network of one hidden layer, ten classes. */
export interface Crowd {
  readonly inputs: number;
  readonly hidden: number;
}

const ROWS = 10;
const CLASSES = 10;
const root = key(1);

function modelOf({ inputs, hidden }: Crowd): Sequential {
  const out = new Linear(hidden, CLASSES);
  return new Sequential({ fc1: new Linear(inputs, hidden, { relu: true }), out, answer: new Apply(logSoftmax) });
}

/** First weights. */
export function initialOf(crowd: Crowd): Float32Array {
  const net = new Net(modelOf(crowd), { group: "private" }).init(root);
  const values = net.parameters.toArray();
  net.dispose();
  return values;
}

/** A thread's part in it: every client has ten rows, made of nothing, and does one epoch in one batch. */
export function benchOf(crowd: Crowd): Bench {
  const optimizer = { kind: "sgd", lr: 0.01 } as const;
  const kit = new Kit({
    model: modelOf(crowd),
    classes: CLASSES,
    key: root,
    initial: initialOf(crowd),
    optimizer,
    epochs: 1,
    batchSize: ROWS,
  });
  const fedavg = methods.get("fedavg")!;
  const x = Float32Array.from({ length: ROWS * crowd.inputs }, (_, i) => ((i * 31) % 101) / 101);
  const labels = Array.from({ length: ROWS }, (_, i) => i % CLASSES);
  const stage = (): ReturnType<Bench["stage"]> => {
    const rows = new FloatExamples(tensor(x, [ROWS, crowd.inputs]), labels);
    return { train: rows, validation: rows, dispose: () => rows.dispose() };
  };
  return { method: fedavg, side: fedavg.client(kit, {}), classes: CLASSES, key: root, stage };
}
