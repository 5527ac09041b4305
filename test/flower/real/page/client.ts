// A page that takes part in a federation: moiety's engine and Flower client, nothing of Node. Bundled by the test.
import { logSoftmax } from "../../../../src/autograd/ops/softmax.ts";
import {
  clientTrainer,
  connect,
  createKeyPair,
  describe,
  identityOf,
  participantAt,
  runNode,
} from "../../../../src/federated/backends/flower/index.ts";
import { Kit } from "../../../../src/federated/kit.ts";
import { fedavg } from "../../../../src/federated/methods/fedavg.ts";
import { Apply, ImageExamples, Linear, Net, Sequential } from "../../../../src/nn/index.ts";
import { key } from "../../../../src/runtime/random.ts";

/** Joins with 40 synthetic 4x4 images of two classes; resolves to the log and the final weights. */
async function takePart(address: string): Promise<{ lines: string[]; bias: number[]; rounds: number }> {
  const model = new Sequential({ linear: new Linear(16, 2), output: new Apply(logSoftmax) });
  const labels = Int32Array.from({ length: 40 }, (_, i) => i % 2);
  const x = Uint8Array.from({ length: 640 }, (_, i) => ((Math.floor(i / 16) + i) % 2) * 200);
  const images = { x, labels, shape: [1, 4, 4], normalization: { mean: [0.5], std: [0.5] } };
  const examples = new ImageExamples(images);
  const root = key(1);
  const kit = new Kit({
    model,
    classes: 2,
    key: root,
    initial: new Net(model, { group: "private" }).init(root).parameters.toArray(),
    optimizer: { kind: "sgd", lr: 0.1 },
    epochs: 1,
    batchSize: 10,
  });
  const own = { train: examples, validation: examples, dispose: () => {} };
  const bench = { method: fedavg, side: fedavg.client(kit, {}), classes: 2, key: root, stage: () => own };
  const lines: string[] = [];
  const { generalist, rounds } = await runNode({
    transport: await connect(address),
    // not extractable: the key stays in the browser
    identity: await identityOf(await createKeyPair(false)),
    trainer: clientTrainer({ client: participantAt(bench, 0, model.specs) }),
    pollSeconds: [0.3, 1],
    unregister: true,
    onEvent: (event) => lines.push(describe(event)),
  });
  return { lines, bias: Array.from(generalist?.tensors.get("linear.bias")?.data ?? [], Number), rounds };
}

Object.assign(globalThis, { takePart });
