// Targets of rows in npy files: a config to its end, and what does not fit.
import { loadOwn, memorySource, type TargetKind } from "../../src/data/index.ts";
import { complete } from "../../src/experiment/complete.ts";
import { experimentCalls, InThread, MemoryStore, parseConfig, run } from "../../src/experiment/index.ts";
import { encodeNpy } from "../../src/io/npy.ts";
import { rejects } from "../support/rejects.ts";
import { assert, suite } from "../support/suite.ts";

const test = suite("npy targets");

const npy = (shape: readonly number[], data: Float32Array | Float64Array | BigInt64Array): Uint8Array =>
  encodeNpy({ shape, data });

function arrays(y: (part: "train" | "test", rows: number) => Uint8Array): Record<string, Uint8Array> {
  const found: Record<string, Uint8Array> = {};
  for (const [part, rows] of [
    ["train", 200],
    ["test", 60],
  ] as const) {
    found[`x_${part}.npy`] = npy(
      [rows, 2],
      Float32Array.from({ length: rows * 2 }, (_, i) => ((i * 37) % 101) / 50 - 1),
    );
    found[`y_${part}.npy`] = y(part, rows);
  }
  return found;
}

test("targets come from npy files: floats in a regression by a config, and several labels", async () => {
  const sums = arrays((_, rows) =>
    npy(
      [rows, 2],
      Float64Array.from({ length: rows * 2 }, (_, i) => {
        const [a, b] = [((i - (i % 2)) * 37) % 101, ((i - (i % 2) + 1) * 37) % 101].map((n) => n / 50 - 1);
        return i % 2 ? a! - b! : a! + b!;
      }),
    ),
  );
  const config = parseConfig(
    complete({
      dataset: "sums",
      task: "regression",
      model: "mlp",
      clients: 3,
      partition: { kind: "iid" },
      federation: { rounds: 30, cohort: 3, lr: 0.01 },
      personal: { clients: 2, epochs: 6 },
      files: { kind: "npy", folder: "/somewhere", classes: ["sum", "difference"] },
      methods: { fedavg: {} },
      rows: { train: 40, validation: 10, test: 20 },
    }),
  );
  const dataset = await loadOwn("sums", memorySource(sums), config.files!, config.task);
  assert.equal([dataset.classes, dataset.shape], [["sum", "difference"], [2]]);
  const pool = async (setup: Parameters<typeof experimentCalls>[0]) => new InThread(experimentCalls(setup));
  const result = await run({ config, dataset, store: new MemoryStore(), pool });
  assert.ok(result.finished && result.records.summary.methods["fedavg"]!.globalTest.mean > 90);
  const labels = arrays((_, rows) =>
    npy(
      [rows],
      BigInt64Array.from({ length: rows }, (_, i) => BigInt(i % 2)),
    ),
  );
  const one = await loadOwn("t", memorySource(labels), { kind: "npy" }, "multi-label");
  assert.equal([one.classes, "targets" in one && one.targets?.train.slice(0, 3)], [["0"], Float32Array.of(0, 1, 0)]);
});

test("npy targets that do not fit are refused by file, shape and row", async () => {
  const read = (y: Parameters<typeof arrays>[0], task: TargetKind, classes?: string[]) =>
    loadOwn("t", memorySource(arrays(y)), { kind: "npy", classes }, task);
  const of =
    (width: number, value = 0) =>
    (_: string, rows: number) =>
      npy([rows, width], new Float32Array(rows * width).fill(value));
  await rejects(
    () => read(of(2), "regression", ["a"]),
    /y_train.npy, got 2 targets a row, expected 1, one for each of classes/,
  );
  await rejects(
    () => read((part, rows) => of(part === "train" ? 2 : 3)(part, rows), "regression"),
    /y_test.npy, got 3 targets a row, expected 2/,
  );
  await rejects(() => read(of(1, NaN), "regression"), /train targets, got NaN in row 0, expected finite numbers/);
  await rejects(() => read(of(1, 0.5), "multi-label"), /train targets, got 0.5 in row 0, expected 0 or 1/);
  await rejects(
    () => read(() => npy([3], new Float32Array(3)), "regression"),
    /y_train.npy, got \[3\], expected \[200\] or \[200,outputs\]/,
  );
});

test.run();
