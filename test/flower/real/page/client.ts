// A page that takes part in a federation: moiety's engine and Flower client, nothing of Node. Bundled by the test.
import { logSoftmax } from "../../../../src/autograd/ops/softmax.ts";
import {
  clientTrainer,
  connect,
  createKeyPair,
  describe,
  identityOf,
  runNode,
} from "../../../../src/federated/backends/flower/index.ts";
import { LocalClient } from "../../../../src/federated/local.ts";
import { SharedVector } from "../../../../src/federated/shared.ts";
import { Apply, ImageExamples, Linear, Net, Sequential, SGD } from "../../../../src/nn/index.ts";
import { key } from "../../../../src/runtime/random.ts";

/** Joins with 40 synthetic 4x4 images of two classes; resolves to the log and the final weights. */
async function takePart(address: string): Promise<{ lines: string[]; bias: number[]; rounds: number }> {
  const net = new Net(new Sequential({ linear: new Linear(16, 2), output: new Apply(logSoftmax) }), {
    group: "shared",
  });
  const labels = Int32Array.from({ length: 40 }, (_, i) => i % 2);
  const x = Uint8Array.from({ length: 640 }, (_, i) => ((Math.floor(i / 16) + i) % 2) * 200);
  const images = { x, labels, shape: [1, 4, 4], normalization: { mean: [0.5], std: [0.5] } };
  const examples = new ImageExamples(images);
  const client = new LocalClient({
    id: 0,
    net,
    optimizer: new SGD(net.parameters, { lr: 0.1 }),
    train: examples,
    validation: examples,
    classes: 2,
    epochs: 1,
    batchSize: 10,
    key: key(1),
  });
  const lines: string[] = [];
  const { generalist, rounds } = await runNode({
    transport: await connect(address),
    // not extractable: the key stays in the browser
    identity: await identityOf(await createKeyPair(false)),
    trainer: clientTrainer({
      client,
      initial: () => {
        net.init(1);
        return SharedVector.of(net.parameters);
      },
    }),
    pollSeconds: [0.3, 1],
    unregister: true,
    onEvent: (event) => lines.push(describe(event)),
  });
  return { lines, bias: Array.from(generalist?.tensors.get("linear.bias")?.data ?? [], Number), rounds };
}

Object.assign(globalThis, { takePart });
