// A plain Python client of Flower's, in NumPy, beside two of moiety's: one federation, one model.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { logSoftmax } from "../../../src/autograd/ops/softmax.ts";
import { clientTrainer, type Participant, participantAt } from "../../../src/federated/backends/flower/index.ts";
import { Kit } from "../../../src/federated/kit.ts";
import { fedavg } from "../../../src/federated/methods/fedavg.ts";
import { encodeNpy } from "../../../src/io/npy.ts";
import { Apply, ImageExamples, Linear, Net, Sequential } from "../../../src/nn/index.ts";
import { key } from "../../../src/runtime/random.ts";
import { suite, assert } from "../../support/suite.ts";
import { fashion } from "../support/fashion.ts";
import { freePort } from "../../../scripts/freePort.ts";
import { finalStatus, member, withSuperLink } from "./federation.ts";

export const mixed: ReturnType<typeof suite> = suite("real flower, mixed");

const rowsOf = (part: number): Int32Array => Int32Array.from({ length: 500 }, (_, i) => 500 * part + i);

mixed("a plain Python client trains beside moiety's", async () => {
  const dataset = await fashion();
  const { train, test, shape, normalization } = dataset;
  const images = { ...train, shape, normalization };
  const module = new Sequential({ linear: new Linear(784, 10), output: new Apply(logSoftmax) });
  const root = key(1);
  const kit = new Kit({
    model: module,
    classes: 10,
    key: root,
    initial: new Net(module, { group: "private" }).init(root).parameters.toArray(),
    optimizer: { kind: "sgd", lr: 0.1 },
    epochs: 1,
    batchSize: 50,
  });
  const side = fedavg.client(kit, {});
  const local = (client: number, validation = new ImageExamples(images, rowsOf(3))): Participant => {
    const own = { train: new ImageExamples(images, rowsOf(client)), validation, dispose: () => {} };
    return participantAt({ method: fedavg, side, classes: 10, key: root, stage: () => own }, client, module.specs);
  };
  await withSuperLink("mixed", {}, async (link, folder) => {
    // the third part of the rows goes to Python, normalised as ours are
    const [mean = 0] = normalization.mean;
    const [std = 1] = normalization.std;
    const third = rowsOf(2);
    const pixels = Float32Array.from({ length: third.length * 784 }, (_, i) => {
      const byte = train.x[third[Math.floor(i / 784)]! * 784 + (i % 784)]!;
      return (byte / 255 - mean) / std;
    });
    const labels = Int32Array.from(third, (row) => train.labels[row]!);
    writeFileSync(`${folder}/images.npy`, encodeNpy({ shape: [third.length, 784], data: pixels }));
    writeFileSync(`${folder}/labels.npy`, encodeNpy({ shape: [third.length], data: labels }));

    const members = await Promise.all(
      [0, 1].map((id) => member(link.address, { trainer: clientTrainer({ client: local(id) }) })),
    );
    const nodeConfig = `images="${folder}/images.npy" labels="${folder}/labels.npy"`;
    const python = spawn(
      `${link.bin}/flower-supernode`,
      [
        "--insecure",
        "--superlink",
        `127.0.0.1:${link.port}`,
        "--port",
        `${await freePort()}`,
        "--node-config",
        nodeConfig,
      ],
      { env: link.environment, cwd: folder, stdio: ["ignore", "pipe", "pipe"], detached: true },
    );
    let said = "";
    for (const stream of [python.stdout, python.stderr]) stream.on("data", (part: Buffer) => (said += part.toString()));
    try {
      const runId = await link.run({ rounds: 3, out: `${folder}/out`, "min-nodes": 3 });
      const { generalist } = await members[0]!.summary;
      assert.is(await finalStatus(link, runId), "finished:completed");
      const log = await link.runLog(runId);
      const rounds = log.match(/aggregate_train: Received 3 results and 0 failures/g);
      assert.is(rounds?.length, 3, said);
      const judge = local(0, new ImageExamples({ ...test, shape, normalization }));
      const vector = judge.tensors.flatMap(({ name }) => Array.from(generalist!.tensors.get(name)!.data, Number));
      const down = { model: Float32Array.from(vector) };
      const { accuracy = 0 } = (await judge.evaluate({ round: 0, down, kept: {}, effort: 1 })).metrics;
      console.log(`mixed federation: test accuracy ${(100 * accuracy).toFixed(1)} %`);
      assert.ok(accuracy > 0.6, `${accuracy}`);
    } finally {
      process.kill(-python.pid!, "SIGTERM");
    }
  });
});
