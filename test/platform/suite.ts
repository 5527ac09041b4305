// What must come out the same everywhere, through the package's public entries alone: one source for every runtime. The parts
// are hashed one by one, so that a difference says where it begins.
import * as moiety from "moiety";
import { bundled, dirichletLabels, fromTexts, loadFashionMnist, take } from "moiety/data";
import { InThread, MemoryStore, experimentCalls, preset, run, startPool, type Setup } from "moiety/experiment";
import { Kit, type Method, methods, optionsOf, type Turn, type Vectors } from "moiety/federated";
import { decodeSafetensors, encodeSafetensors, Sha256 } from "moiety/io";
import {
  Adam,
  Apply,
  bilstmText,
  Dropout,
  FeatureExamples,
  Gru,
  lenetFashion,
  lenetFashionGate,
  Linear,
  type Loss,
  Lstm,
  type Module,
  Net,
  resnet,
  Sequential,
  TextExamples,
  trainEpoch,
  Transformer,
} from "moiety/nn";

const { backward, conv2d, fold, key, matmul, maxPool2d, mean, personalize, scope, Stream, tensor } = moiety;

/** What a runtime found: the parts are to be compared, and the hash over the first six stands for them. */
export interface Verdict {
  readonly weightsSha256: string;
  readonly parts: Readonly<Record<string, string>>;
  readonly seconds: Readonly<Record<string, number>>;
  /** Of every federated method by itself; the part `methods` stands for all of them. */
  readonly methods: Readonly<Record<string, string>>;
}

type Array32 = ReturnType<InstanceType<typeof moiety.Tensor>["toArray"]>;

function bytesOf({ buffer, byteOffset, byteLength }: Array32): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function random(length: number, address: string): Float32Array {
  const stream = new Stream(fold(key(7), address));
  return Float32Array.from({ length }, () => 4 * stream.uniform() - 2);
}

/** Every kernel that results come from, over sizes with and without tails. */
function kernels(hash: Sha256): void {
  const unary = [moiety.exp, moiety.log, moiety.sqrt, moiety.tanh, moiety.sigmoid, moiety.logSigmoid, moiety.relu];
  for (const n of [1, 3, 4, 17, 64, 67]) {
    const rows = tensor(random(5 * n, `rows ${n}`), [5, n]);
    const positive = moiety.add(moiety.square(rows), tensor(0.25));
    for (const op of unary)
      hash.update(bytesOf(op(op === moiety.log || op === moiety.sqrt ? positive : rows).toArray()));
    for (const op of [moiety.softmax, moiety.logSoftmax]) hash.update(bytesOf(op(rows).toArray()));
    for (const op of [moiety.sum, moiety.mean]) hash.update(bytesOf(op(rows).toArray()));
    const w = tensor(random(n * 9, `weights ${n}`), [n, 9]);
    hash.update(bytesOf(matmul(rows, w).toArray()));
    hash.update(bytesOf(matmul(rows, rows, { transB: true }).toArray()));
    hash.update(bytesOf(matmul(rows, rows, { transA: true }).toArray()));
    hash.update(bytesOf(moiety.mul(rows, moiety.div(rows, positive)).toArray()));
  }
  const images = tensor(random(2 * 3 * 12 * 12, "images"), [2, 3, 12, 12]);
  const filters = tensor(random(6 * 3 * 5 * 5, "filters"), [6, 3, 5, 5]);
  const bias = tensor(random(6, "bias"));
  const maps = conv2d(images, filters, bias);
  hash.update(bytesOf(maps.toArray())).update(bytesOf(maxPool2d(maps, { kernel: 2 }).toArray()));
}

/** The vocabulary beyond the paper's networks: functions over numbers of any size, and training steps of networks made of them. */
function vocabulary(hash: Sha256): void {
  const { add, clip, convolve, cos, elu, erf, expm1, gelu, log1p, logSumExp, mul, pow, silu, sin, softplus, topK } =
    moiety;
  const unary = [erf, gelu, silu, softplus, elu, expm1, sin, cos, (x: moiety.Tensor) => gelu(x, { tanh: true })];
  for (const n of [1, 3, 4, 17, 64, 67]) {
    const x = tensor(random(n, `numbers ${n}`));
    const positive = add(moiety.square(x), tensor(0.25));
    for (const op of unary) hash.update(bytesOf(op(x).toArray()));
    for (const op of [sin, cos]) hash.update(bytesOf(op(mul(x, 1e20)).toArray()));
    hash.update(bytesOf(pow(positive, x).toArray())).update(bytesOf(log1p(positive).toArray()));
    hash.update(bytesOf(clip(x, { low: -1, high: 0.5 }).toArray())).update(bytesOf(logSumExp(x).toArray()));
    hash.update(bytesOf(topK(x, 1).numbers.toArray()));
  }
  const images = tensor(random(2 * 4 * 9 * 7, "images"), [2, 4, 9, 7]);
  const filters = tensor(random(4 * 6, "filters"), [4, 1, 2, 3]);
  hash.update(bytesOf(convolve(images, filters, null, { groups: 4, dilation: 2, pad: "same" }).toArray()));

  const train = (module: Module, x: moiety.Tensor, outputs: number): void => {
    const net = new Net(module, { group: "private" }).init(3);
    const optimizer = new Adam(net.parameters, { lr: 1e-3 });
    for (let step = 0; step < 3; step++)
      scope(() => {
        const y = net.forward(x, { train: true, key: fold(key(5), step) });
        const rows = moiety.reshape(y, [y.size / outputs, outputs]);
        const labels = Int32Array.from({ length: rows.shape[0]! }, (_, i) => (i * 7 + step) % outputs);
        backward(mean(moiety.crossEntropy(rows, tensor(labels, [labels.length], "i32"))));
        optimizer.step();
      });
    hash.update(bytesOf(net.parameters.toArray()));
  };
  train(resnet(8, { width: 4 }), tensor(random(4 * 3 * 8 * 8, "resnet"), [4, 3, 8, 8]), 10);
  const words = tensor(
    Int32Array.from({ length: 24 }, (_, i) => (i * 5) % 7),
    [3, 8],
    "i32",
  );
  train(new Transformer({ words: 7, length: 8, width: 16, heads: 2, dropout: 0.1 }), words, 7);
  const sequences = tensor(random(3 * 5 * 6, "sequences"), [3, 5, 6]);
  train(new Lstm(6, 5, { bidirectional: true }), sequences, 10);
  train(new Gru(6, 5, { layers: 2 }), sequences, 5);
}

/** A dozen training steps of the paper's network with dropout and Adam: forward, backward, update. */
function autograd(hash: Sha256): void {
  const net = new Net(lenetFashion(), { group: "private" }).init(3);
  const optimizer = new Adam(net.parameters, { lr: 1e-3 });
  for (let step = 0; step < 12; step++)
    scope(() => {
      const x = tensor(random(10 * 784, `batch ${step}`), [10, 1, 28, 28]);
      const labels = tensor(
        Int32Array.from({ length: 10 }, (_, i) => (i * 7 + step) % 10),
        [10],
        "i32",
      );
      backward(mean(moiety.nll(net.forward(x, { train: true, key: fold(key(5), step) }), labels)));
      optimizer.step();
    });
  hash.update(bytesOf(net.parameters.toArray()));
}

/** An epoch of the paper's text classifier, forward and backward through both directions of its LSTM. */
function text(hash: Sha256): void {
  const words = "the of and to in a is that for it as was with be by on not he his but at are this have from".split(
    " ",
  );
  const stream = new Stream(fold(key(7), "text"));
  const sentence = (): string => Array.from({ length: 1 + stream.below(20) }, () => words[stream.below(25)]!).join(" ");
  const part = (rows: number) => ({
    texts: Array.from({ length: rows }, sentence),
    labels: Array.from({ length: rows }, () => stream.below(4)),
  });
  const dataset = fromTexts({ name: "text", classes: [..."abcd"], words: 20, train: part(40), test: part(8) });
  const net = new Net(bilstmText(dataset.vocabulary.length), { group: "private" }).init(3);
  const examples = new TextExamples(dataset.train);
  const loss: Loss = ({ x, labels }, mode) => mean(moiety.nll(net.forward(x, mode), labels));
  trainEpoch({ examples, loss, optimizer: new Adam(net.parameters), batchSize: 10, key: key(4) });
  hash.update(bytesOf(net.parameters.toArray()));
}

async function embedding(hash: Sha256): Promise<void> {
  const { train, test, shape, classes } = await loadFashionMnist(bundled());
  const model = { expert: lenetFashion(), gate: lenetFashionGate(), shape, classes };
  const sizes = { clients: 4, trainRows: 60, validationRows: 0, testRows: 50 };
  // Dirichlet and gamma draws go through logarithms and powers of our own
  const parts = dirichletLabels(train.labels, test.labels, { ...sizes, alpha: 0.5 }, key(2));
  const clients = parts.clients.map((rows) => take(train, rows.train));
  const generalist = await moiety.trainGeneralist(model, clients, { rounds: 3, seed: 1 });
  const mixture = await personalize(generalist, clients[0]!, { epochs: 4, seed: 1 });
  for (const { probabilities, trust } of mixture.predict(test.x.subarray(0, 784 * 20)))
    hash.update(bytesOf(probabilities)).update(bytesOf(Float32Array.of(trust)));
  const saved = mixture.save();
  const { tensors, metadata } = decodeSafetensors(saved);
  const again = encodeSafetensors(tensors, metadata);
  if (again.length !== saved.length || again.some((byte, i) => byte !== saved[i]))
    throw new Error("safetensors: a file read and written again differs");
  hash.update((await moiety.Mixture.load(model, saved)).save());
}

/** A small experiment; with workers, clients run on as many threads or Web Workers. */
async function experiment(workers: number): Promise<string> {
  const quick = preset("quick");
  const config = {
    ...quick,
    clients: 6,
    federation: { ...quick.federation, rounds: 3, cohort: 4 },
    personal: { ...quick.personal, clients: 3, epochs: 3 },
  };
  const result = await run({
    config,
    dataset: await loadFashionMnist(bundled()),
    store: new MemoryStore(),
    pool: async (setup: Setup) =>
      workers === 0 ? new InThread(experimentCalls(setup)) : await startPool(setup, workers),
  });
  if (!result.finished) throw new Error(`experiment: stopped at ${result.at}`);
  return result.records.summary.weightsSha256;
}

// a method's sides are functions: what is used of a turn's steps is their end
function finish<T>(steps: Generator<unknown, T>): T {
  for (let step = steps.next(); ; step = steps.next()) if (step.done) return step.value;
}

/** Two rounds of a method on three clients of a dozen rows: all that its server and its clients hold then, and how they answer. */
function federation(method: Method): string {
  const hash = new Sha256();
  const root = key(11);
  const model = new Sequential({
    fc1: new Linear(4, 8, { relu: true }),
    drop: new Dropout(0.2),
    fc2: new Linear(8, 3),
    output: new Apply(moiety.logSoftmax),
  });
  const net = new Net(model, { group: "private" }).init(5);
  const optimizer = { kind: "sgd", lr: 0.05, momentum: 0.5 } as const;
  const initial = net.parameters.toArray();
  const rows = (count: number, address: string): FeatureExamples => {
    const labels = Array.from({ length: count }, (_, i) => (i * i + address.length) % 3);
    // the last class is to one's good, and every third row is of the other group
    const groups = { of: labels.map((_, i) => Number(i % 3 === 2)), positive: 2 };
    return new FeatureExamples({ x: random(4 * count, address), labels, shape: [4], groups });
  };
  const publicRows = (): FeatureExamples => rows(9, "public");
  const kit = new Kit({ model, classes: 3, key: root, initial, optimizer, epochs: 2, batchSize: 5, publicRows });
  const options = optionsOf(method);
  const [side, server] = [method.client(kit, options), method.server(options, kit)];
  const own = [12, 9, 14].map((count, i) => ({
    train: rows(count, `rows ${i}`),
    validation: rows(6, `held out ${i}`),
  }));
  let state = server.begin(side.initial());
  const kept: Vectors[] = own.map(() => ({}));
  const turn = (client: number, round: number, purpose: "turn" | "answers"): Turn => {
    const address = fold(root, purpose, client, round);
    const down = server.down?.(state, { client, round, purpose, key: root }) ?? state;
    return { client, round, down, kept: kept[client]!, own: own[client]!, key: address, effort: 1 };
  };
  const put = (vectors: Vectors): void => {
    for (const name of Object.keys(vectors).sort()) {
      const { buffer, byteOffset, byteLength } = vectors[name]!;
      hash.update(new TextEncoder().encode(name)).update(new Uint8Array(buffer, byteOffset, byteLength));
    }
  };
  for (let round = 0; round < 2; round++) {
    const gathering = server.gather(state, { round, cohort: 3, clients: 3, key: fold(root, "server", round) });
    const replies = own.map((_, client) => finish(side.train(turn(client, round, "turn"))));
    replies.forEach((reply, client) => {
      kept[client] = reply.kept ?? kept[client]!;
      gathering.add({ client, up: reply.up, examples: own[client]!.train.count, metrics: reply.metrics });
    });
    state = gathering.result();
  }
  put(state);
  kept.forEach(put);
  const asked = tensor(random(4 * 7, "asked"), [7, 4]);
  for (const client of own.keys()) {
    const made = side.answers(turn(client, 2, "answers"));
    const answers = "own" in made ? made : finish(made);
    for (const answer of Object.values(answers)) hash.update(bytesOf(scope(() => answer(asked).toArray())));
  }
  kit.dispose();
  return hash.hex();
}

/** Runs every part. Throws where a runtime cannot, or where threads make a difference. */
export async function verdict(): Promise<Verdict> {
  const parts: Record<string, string> = {};
  const seconds: Record<string, number> = {};
  const part = async (name: string, act: (hash: Sha256) => unknown): Promise<void> => {
    const began = performance.now();
    const hash = new Sha256();
    const answer = await act(hash);
    parts[name] = typeof answer === "string" ? answer : hash.hex();
    seconds[name] = Math.round(performance.now() - began) / 1000;
  };
  await part("kernels", kernels);
  await part("autograd", autograd);
  await part("text", text);
  await part("embedding", embedding);
  await part("experiment", () => experiment(0));
  await part("workers", () => experiment(2));
  if (parts["workers"] !== parts["experiment"])
    throw new Error(`workers: got ${parts["workers"]}, expected ${parts["experiment"]} as without them`);
  const all = new TextEncoder().encode(Object.values(parts).join());
  const weightsSha256 = new Sha256().update(all).hex();
  // younger than the hash over the others, which is written down
  await part("vocabulary", vocabulary);
  const found: Record<string, string> = {};
  await part("methods", (hash) => {
    for (const [name, method] of methods) {
      found[name] = federation(method);
      hash.update(new TextEncoder().encode(`${name} ${found[name]}`));
    }
  });
  return { weightsSha256, parts, seconds, methods: found };
}
