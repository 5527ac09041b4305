// A federation to be raced, as a folder that every runner reads: task.json, clients' rows (x.bin, y.bin), first weights.
import { readFileSync, writeFileSync } from "node:fs";
import { logSoftmax, tensor } from "../src/autograd/index.ts";
import { shared } from "../src/data/share.ts";
import type { Bench } from "../src/federated/index.ts";
import { Kit, methods } from "../src/federated/index.ts";
import {
  Apply,
  Conv2d,
  Convolution,
  Dropout,
  EVALUATE,
  type Examples,
  FloatExamples,
  ImageExamples,
  lenetCifar,
  lenetFashion,
  Linear,
  MaxPool2d,
  type Module,
  Net,
  Sequential,
} from "../src/nn/index.ts";
import { key } from "../src/runtime/random.ts";

/** simple_cnn of pfl-research's benchmark for CIFAR-10: [rows, 3, 32, 32] to log-probabilities; 1,626,442 parameters. */
const apple = (): Module =>
  new Sequential({
    conv1: new Conv2d(3, 32, 3, { relu: true }),
    conv2: new Convolution(32, 64, 3),
    pool: new MaxPool2d(2, { relu: true }),
    drop1: new Dropout(0.25),
    fc1: new Linear(12_544, 128, { relu: true }),
    drop2: new Dropout(0.5),
    fc2: new Linear(128, 10),
    answer: new Apply(logSoftmax),
  });

const tiny = (): Module =>
  new Sequential({
    fc1: new Linear(8, 16, { relu: true }),
    fc2: new Linear(16, 10),
    answer: new Apply(logSoftmax),
  });

type Network = "lenetCifar" | "lenetFashion" | "apple" | "tiny";

const networks: Readonly<Record<Network, () => Module>> = {
  lenetCifar: () => lenetCifar(),
  lenetFashion: () => lenetFashion(),
  apple,
  tiny,
};

/** What task.json says. */
export interface FederationTask {
  readonly model: Network;
  /** Of one row. */
  readonly shape: readonly number[];
  /** Whether rows are bytes, which 255 makes 1 and 0 makes -1. */
  readonly bytes: boolean;
  readonly clients: number;
  /** Of each client. */
  readonly rows: number;
  readonly epochs: number;
  readonly batch: number;
  readonly optimizer: "adam" | "sgd";
  readonly rate: number;
}

/** A task with its numbers, as a thread takes it: rows lie in shared memory. */
export interface LoadedTask {
  readonly task: FederationTask;
  readonly x: Uint8Array;
  readonly y: Uint8Array;
  readonly initial: Float32Array;
  /** Whether nothing is drawn: no dropout, batches in the order of the rows. */
  readonly plain: boolean;
}

const CLASSES = 10;
const root = key(1);

/** Puts a task into a folder. */
export function writeTask(folder: string, task: FederationTask, x: Uint8Array | Float32Array, y: Uint8Array): void {
  const net = new Net(networks[task.model](), { group: "private" }).init(root);
  writeFileSync(`${folder}/task.json`, JSON.stringify(task));
  writeFileSync(`${folder}/x.bin`, x);
  writeFileSync(`${folder}/y.bin`, y);
  writeFileSync(`${folder}/weights.bin`, net.parameters.toArray() as Float32Array);
  net.dispose();
}

function read(path: string): Uint8Array {
  const bytes = readFileSync(path);
  const found = shared(bytes.length);
  found.set(bytes);
  return found;
}

/** Reads a folder's task. */
export function readTask(folder: string): Omit<LoadedTask, "plain"> {
  const task = JSON.parse(readFileSync(`${folder}/task.json`, "utf8")) as FederationTask;
  const { buffer } = read(`${folder}/weights.bin`);
  return { task, x: read(`${folder}/x.bin`), y: read(`${folder}/y.bin`), initial: new Float32Array(buffer) };
}

/** A thread's part in it. */
export function benchOf({ task, x, y, initial, plain }: LoadedTask): Bench {
  const { epochs, batch, rate, rows, shape } = task;
  const model = networks[task.model]();
  const fedavg = methods.get("fedavg")!;
  const kit = new Kit({
    model: plain ? undrawn(model) : model,
    classes: CLASSES,
    key: root,
    initial: initial,
    optimizer: task.optimizer === "adam" ? { kind: "adam", lr: rate } : { kind: "sgd", lr: rate },
    epochs,
    batchSize: batch,
  });
  const width = shape.reduce((n, size) => n * size, 1);
  const half = Array.from({ length: shape[0]! }, () => 0.5);
  const images = { x, labels: y, shape, normalization: { mean: half, std: half } };
  const numbers = task.bytes ? undefined : new Float32Array(x.buffer, x.byteOffset, x.byteLength / 4);
  const ordered = inOrder(rows, batch);
  const of = (client: number): Examples => {
    const first = client * rows;
    if (!numbers)
      return new ImageExamples(
        images,
        Int32Array.from({ length: rows }, (_, i) => first + i),
      );
    const own = tensor(numbers.slice(first * width, (first + rows) * width), [rows, ...shape]);
    return new FloatExamples(own, y.subarray(first, first + rows));
  };
  const stage = (client: number): ReturnType<Bench["stage"]> => {
    const own = of(client);
    if (plain) own.epoch = () => ordered;
    return { train: own, validation: own, dispose: () => own.dispose() };
  };
  return { method: fedavg, side: fedavg.client(kit, {}), classes: CLASSES, key: root, stage };
}

function inOrder(rows: number, batch: number): Int32Array[] {
  return Array.from({ length: Math.ceil(rows / batch) }, (_, at) =>
    Int32Array.from({ length: Math.min(batch, rows - at * batch) }, (__, i) => at * batch + i),
  );
}

// as it answers, even while it is trained
function undrawn(model: Module): Module {
  return {
    specs: model.specs,
    bind(tensors, at) {
      const forward = model.bind(tensors, at);
      return (x) => forward(x, EVALUATE);
    },
  };
}
