// Federated methods from the command line: listed, chosen, set, varied, and of one's own.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { methods } from "../../src/federated/methods/index.ts";
import type { Summary } from "../../src/report/records.ts";
import { assert, suite } from "../support/suite.ts";

const test = suite("moiety methods");
const program = fileURLToPath(new URL("../../scripts/moiety.mjs", import.meta.url));
const mine = fileURLToPath(new URL("../../examples/own/method.js", import.meta.url));
const execute = promisify(execFile);

const config = {
  preset: "quick",
  clients: 4,
  rows: { train: 20, validation: 10, test: 20 },
  federation: { rounds: 3, cohort: 2, validateEvery: 1, validationClients: 2, localEpochs: 1 },
  personal: { clients: 3, epochs: 2 },
};

/** Words apart by spaces. */
async function moiety(line: string): Promise<{ code: number; out: string }> {
  return execute(process.execPath, [program, ...line.split(/\s+/)]).then(
    ({ stdout }) => ({ code: 0, out: stdout }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, out: stdout + stderr }),
  );
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "moiety-methods-"));
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("all methods are listed, and one is told whole", async () => {
  const { out } = await moiety("methods");
  for (const name of methods.keys()) assert.match(out, new RegExp(`^${name} `, "m"));
  const one = await moiety("methods scaffold");
  assert.match(one.out, /^sends +model, control$/m);
  assert.match(one.out, /^option +scaffold\.weights=alike \(alike, examples\)$/m);
  assert.match(out, /^\+labelLaw +the federation's model times/m);
  const value = await moiety("methods ditto+rtfa");
  assert.match(value.out, /^option +fedavg\+rtfa\.lambda=0\.1 \(from 0\)$/m);
  assert.match(value.out, /^option +fedavg\+rtfa\.lr=\(the run's\) \(from 0\)$/m);
  const none = await moiety("methods nothing");
  assert.is(none.code, 2);
  assert.match(none.out, /methods: got nothing, expected one of .*fedavg/);
});

test("a run compares the methods that it is told, and one of one's own", () =>
  inFolder(async (folder) => {
    const out = join(folder, "out");
    const told = await moiety(
      `run ${folder}/config.json --method fedavg,ditto --method ${mine} --set ditto.lambda=0.5 --workers 2 --out ${out}`,
    );
    assert.is(told.code, 0, told.out);
    const summary = JSON.parse(readFileSync(join(out, "summary.json"), "utf8")) as Summary;
    assert.equal(Object.keys(summary.methods), [
      "fedavg",
      "ditto",
      "ditto-shared",
      "forgetful",
      "majorityClass",
      "labelLaw",
    ]);
    assert.equal(summary.methods["ditto-shared"], summary.methods["fedavg"]);
    // two clients a round, three rounds, a model of 22,180 floats each way
    const { down, up, rounds } = summary.federations!["forgetful"]!;
    assert.equal([down, up, rounds], [2 * 3 * 4 * 22_180, 2 * 3 * 4 * 22_180, 3]);
    const { methods: kept } = JSON.parse(readFileSync(join(out, "config.json"), "utf8")) as { methods: object };
    assert.equal(Object.values(kept)[1], { lambda: 0.5 });
    // the same numbers from what the folder says, in one thread
    const again = await moiety(`run ${out}/config.json --workers 1 --out ${folder}/again`);
    assert.is(again.code, 0, again.out);
    assert.match(again.out, new RegExp(summary.weightsSha256));
  }));

test("a sweep varies a method's option", () =>
  inFolder(async (folder) => {
    // with everybody in every round
    const told = await moiety(
      `sweep ${folder}/config.json --method ditto,local --vary ditto.lambda=0,1 --set federation.cohort=4
       --seeds 1 --workers 2 --out ${folder}/out`,
    );
    assert.is(told.code, 0, told.out);
    assert.match(told.out, /lambda0-seed1/);
    const of = (name: string): Summary =>
      JSON.parse(readFileSync(join(folder, "out", name, "summary.json"), "utf8")) as Summary;
    const [none, some] = [of("lambda0-seed1").methods, of("lambda1-seed1").methods];
    assert.equal(none["ditto"], none["local"]);
    assert.not.equal(some["ditto"], some["local"]);
    assert.equal(some["local"], none["local"]);
  }));

test("a preset is written into the config as what it stands for, for its method alone; what is set is set over it", () =>
  inFolder(async (folder) => {
    const out = join(folder, "out");
    const told = await moiety(
      `run ${folder}/config.json --method ditto,fedavg --preset ditto=paper --set ditto.lambda=2
       --set training.ditto.cohort=2 --set training.ditto.rounds=2 --out ${out}`,
    );
    assert.is(told.code, 0, told.out);
    const config = JSON.parse(readFileSync(join(out, "config.json"), "utf8")) as Record<string, unknown>;
    assert.equal(config["methods"], { ditto: { lambda: 2, order: "interleaved" }, fedavg: {} });
    assert.equal(config["training"], {
      ditto: { lr: 0.05, optimizer: { kind: "sgd" }, batchSize: 16, rounds: 2, cohort: 2 },
    });
    const { federations } = JSON.parse(readFileSync(join(out, "summary.json"), "utf8")) as Summary;
    assert.equal([federations!["ditto"]!.rounds, federations!["fedavg"]!.rounds], [2, 3]);
    const shown = await moiety("methods ditto");
    assert.match(shown.out, /^preset +paper: .*"lr":0\.05/m);
    for (const [words, message] of [
      ["--preset ditto=wild", /--preset: ditto, got wild, expected one of paper, library, safe/],
      ["--preset fedrep=paper", /--preset: got fedrep=paper, expected NAME=PRESET with one of ditto/],
      ["--preset ditto=paper", /10 clients opt in|but training\.ditto\.cohort is 10/],
      ["--set training.dito.lr=1", /training: got dito, expected one of ditto/],
    ] as const) {
      const refused = await moiety(`run ${folder}/config.json --method ditto ${words} --out ${folder}/no`);
      assert.is(refused.code, 2, refused.out);
      assert.match(refused.out, message);
    }
  }));

test("a stranger adds FedProx in one file from docs/methods.md, and it is what comes with moiety", () =>
  inFolder(async (folder) => {
    const docs = readFileSync(fileURLToPath(new URL("../../docs/methods.md", import.meta.url)), "utf8");
    const [, source] = /save it as `my-fedprox\.js`:\n\n```js\n(.*?)```/s.exec(docs)!;
    writeFileSync(join(folder, "my-fedprox.js"), source!);
    const lost = await moiety(`methods ${folder}/my-fedprox.js`);
    assert.is(lost.code, 2, lost.out);
    assert.match(
      lost.out,
      /cannot import .*my-fedprox\.js, .*; .* save that in a clone of moiety, or in a project that has/,
    );
    // as in a project that has installed moiety
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(fileURLToPath(new URL("../..", import.meta.url)), join(folder, "node_modules", "moiety"), "dir");
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
    const file = join(folder, "my-fedprox.js");
    const shown = await moiety(`methods ${file}`);
    assert.is(shown.code, 0, shown.out);
    assert.match(shown.out, /^my-fedprox, arXiv 1812\.06127\n/);
    assert.match(shown.out, /^option +my-fedprox\.mu=0\.01 \(from 0\)$/m);
    assert.match(shown.out, /^preset +paper: /m);
    const told = await moiety(
      `run ${folder}/config.json --method fedprox,${file} --set my-fedprox.mu=0.1 --set fedprox.mu=0.1 --workers 1 --out ${folder}/out`,
    );
    assert.is(told.code, 0, told.out);
    const { methods: found } = JSON.parse(readFileSync(join(folder, "out", "summary.json"), "utf8")) as Summary;
    assert.equal(found["my-fedprox"], found["fedprox"]);
    assert.match(readFileSync(join(folder, "out", "report.html"), "utf8"), /my-fedprox/);
    const varied = await moiety(
      `sweep ${folder}/config.json --method ${file} --vary my-fedprox.mu=0.1,0.2 --seeds 1 --workers 1 --out ${folder}/many`,
    );
    assert.is(varied.code, 0, varied.out);
    const of = (name: string): Summary =>
      JSON.parse(readFileSync(join(folder, "many", name, "summary.json"), "utf8")) as Summary;
    assert.equal(of("mu0.1-seed1").methods["my-fedprox"], found["fedprox"]);
    assert.not.equal(of("mu0.2-seed1").methods["my-fedprox"], found["fedprox"]);
  }));

test("a method that is none, and options that it has not, are one line before anything runs", () =>
  inFolder(async (folder) => {
    for (const [words, message] of [
      ["--method nope", /config: methods: got nope, got nope, expected one of aem, apfl, /],
      ["--method ditto --set ditto.lambda=-1", /ditto: lambda, got -1, expected a number from 0/],
      ["--method ditto --set ditto.mu=1", /ditto: no option mu; there are lambda, order, epochs/],
      ["--method ./nothing.js", /methods: cannot import .*nothing\.js/],
    ] as const) {
      const told = await moiety(`run ${folder}/config.json ${words} --out ${folder}/out`);
      assert.is(told.code, 2, told.out);
      assert.match(told.out, message);
    }
  }));

test.run();
