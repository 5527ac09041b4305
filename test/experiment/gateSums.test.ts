// What leaves a client in a run with every part of the posterior gate is what docs/privacy.md says, and no more: message by message, and
// what can be told from a client's rows and the model alone is made again and compared with the log, hash by hash.
import { readFileSync } from "node:fs";
import { type Config, setUp } from "../../src/experiment/index.ts";
import { networks } from "../../src/experiment/networks.ts";
import { staging } from "../../src/experiment/staging.ts";
import { countsOf } from "../../src/federated/statistics.ts";
import { decodeSafetensors, parseJsonLines, Sha256 } from "../../src/io/index.ts";
import { featureSums } from "../../src/moe/gaussians.ts";
import { Net, predictAll } from "../../src/nn/index.ts";
import { assert, test } from "../support/suite.ts";
import { config, dataset, runTiny, textOf } from "../support/tiny.ts";

interface Line {
  readonly method: string;
  readonly round: number;
  readonly client: number;
  readonly kind: "train" | "evaluate";
  readonly examples: number;
  readonly scalars: readonly string[];
  readonly vectors: readonly { readonly name: string; readonly size: number; readonly sha256: string }[];
}

const whole: Config = { ...config, posterior: { rho: 0.8, hazard: 0.05, calibrate: true, features: true } };
const { store } = await runTiny({ config: whole, audit: true });
const log = parseJsonLines(textOf(store, "audit.jsonl")).rows as Line[];
const { expert } = networks(whole, dataset);
const { body, head } = expert.split!()!;
const C = dataset.classes.length;
const d = head.specs[0]!.shape.at(-1)!;
const setup = setUp(whole, dataset);
const staged = staging(whole, dataset);

const sizes: Readonly<Record<string, number>> = {
  P: expert.specs.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
  C,
  d,
  "1": 1,
  "C + 1": C + 1,
  "(C + 1)(C + 2) / 2": ((C + 1) * (C + 2)) / 2,
  "C d": C * d,
};

// the table of the page: method, rounds, vectors and their sizes
const page = readFileSync(new URL("../../docs/privacy.md", import.meta.url), "utf8");
const documented = [...page.matchAll(/^\| `(fedavg[\w-]*)` +\| ([^|]+?) +\| ([^|]+?) +\| ([^|]+?) +\|$/gm)].map(
  ([, method, rounds, names, numbers]) => {
    const vectors = names!.split(", ").map((name) => name.replaceAll("`", ""));
    return { method, rounds, vectors: vectors.map((name, i) => `${name} ${sizes[numbers!.split(", ")[i]!]}`) };
  },
);

test("every message of a run with the whole gate is one that the page has, and the page has no other", () => {
  const seen = new Set<string>();
  for (const { method, round, kind, scalars, vectors } of log) {
    // who validates tells how well, and nothing else
    if (kind === "evaluate") {
      assert.is(method, "fedavg");
      assert.equal([...vectors], []);
      continue;
    }
    const which = documented.findIndex(
      (row) => row.method === method && (row.rounds === "all" || (row.rounds === "the first") === (round === 0)),
    );
    assert.ok(which >= 0, `${method} in round ${round} is not on the page`);
    seen.add(String(which));
    assert.equal(
      vectors.map(({ name, size }) => `${name} ${size}`),
      documented[which]!.vectors,
    );
    assert.equal([...scalars], method === "fedavg" ? ["trainLoss", "steps", "rate"] : ["trainLoss"]);
  }
  assert.is(documented.length, 4);
  assert.is(seen.size, 4);
});

test("the sums are those of the client's held-out rows: made again from rows and model, they have the hashes of the log", () => {
  const { tensors } = decodeSafetensors(store.files.get("generalist.safetensors")!);
  const net = new Net(body, { group: "private", trainable: false });
  net.parameters.copyFrom(
    Float32Array.from(body.specs.flatMap(({ name }) => Array.from(tensors.get(name)!.data as Float32Array))),
  );
  const hash = ({ buffer, byteOffset, byteLength }: Float64Array): string =>
    new Sha256().update(new Uint8Array(buffer, byteOffset, byteLength)).hex();
  for (const [client, { rows }] of setup.clients.entries()) {
    const held = staged.of(client).validation(rows.validation);
    const z = predictAll(held, d, (x) => net.predict(x));
    const found = featureSums({ values: z.toArray(), width: d }, held.labels, C);
    const told = (method: string): Line => log.find((at) => at.method === method && at.client === client)!;
    const { vectors, examples } = told("fedavg-gaussians");
    assert.is(examples, rows.validation.length);
    assert.equal(
      vectors.map(({ sha256 }) => sha256),
      [found.counts, found.sums, found.squares].map(hash),
    );
    const counts = Float64Array.from(countsOf(held.labels, C));
    assert.is(told("fedavg-calibration").vectors[0]!.sha256, hash(counts));
    z.dispose();
    held.dispose();
  }
  net.dispose();
});

test.run();
