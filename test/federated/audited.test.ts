import { Audited, type Sent } from "../../src/federated/backends/audited.ts";
import type { Backend } from "../../src/federated/backends/backend.ts";
import { refusesLater } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

const backend: Backend = {
  train: async (clients) =>
    clients.map((client) => ({
      client,
      values: Float32Array.of(client, 2),
      examples: 3,
      metrics: { trainLoss: 0.5 },
    })),
  evaluate: async (clients) => clients.map((client) => ({ client, examples: 4, metrics: { loss: 1, accuracy: 0.5 } })),
};

test("an audited backend answers as before, and writes down every tensor and scalar that left a client", async () => {
  const written: Sent[] = [];
  const audited = new Audited(backend, {
    specs: [{ name: "fc.weight", shape: [2] }],
    hash: (bytes) => [...bytes].join("-"),
    write: async (sent) => void written.push(...sent),
  });
  const generalist = new Float32Array(2);
  assert.equal(await audited.train([7, 1], generalist, 5), await backend.train([7, 1], generalist, 5));
  assert.equal(await audited.evaluate([7], generalist, 6), await backend.evaluate([7], generalist, 6));
  assert.is(written.length, 3);
  const [first, second, third] = written;
  assert.equal(first, {
    round: 5,
    client: 7,
    kind: "train",
    examples: 3,
    scalars: ["trainLoss"],
    tensors: [{ name: "fc.weight", shape: [2] }],
    sha256: [...new Uint8Array(Float32Array.of(7, 2).buffer)].join("-"),
  });
  assert.is.not(first!.sha256, second!.sha256);
  assert.equal(third, {
    round: 6,
    client: 7,
    kind: "evaluate",
    examples: 4,
    scalars: ["loss", "accuracy"],
    tensors: [],
  });
});

test("the log is written from what was sent: another size has no names, and who could not answer is in it", async () => {
  const written: Sent[] = [];
  const audited = new Audited(
    {
      train: async () => [
        { client: 1, values: new Float32Array(7), examples: 1, metrics: { gate0: 0.5 } },
        { client: 2, fault: "failed", reason: "label 7 in row 3" },
      ],
      evaluate: async () => [{ client: 2, fault: "failed", reason: "no rows" }],
    },
    { specs: [{ name: "fc.weight", shape: [2] }], hash: () => "", write: async (sent) => void written.push(...sent) },
  );
  await audited.train([1, 2], new Float32Array(2), 0);
  await audited.evaluate([2], new Float32Array(2), 0);
  assert.equal(written, [
    {
      round: 0,
      client: 1,
      kind: "train",
      examples: 1,
      scalars: ["gate0"],
      tensors: [{ name: "", shape: [7] }],
      sha256: "",
    },
    { round: 0, client: 2, kind: "train", error: "label 7 in row 3" },
    { round: 0, client: 2, kind: "evaluate", error: "no rows" },
  ]);
});

test("what could not be logged is not handed on", async () => {
  const full = new Audited(backend, { specs: [], hash: () => "", write: () => Promise.reject(new Error("disk full")) });
  await refusesLater(() => full.train([1], new Float32Array(2), 0), "disk full");
  await refusesLater(() => full.evaluate([1], new Float32Array(2), 0), "disk full");
});

test.run();
