// moiety sweep: every run is of the data, the networks and the seed that it records, and one that fails ends alone.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Summary } from "../../src/report/records.ts";
import { assert, suite } from "../support/suite.ts";

const test = suite("moiety sweep");
const program = fileURLToPath(new URL("../../scripts/moiety.mjs", import.meta.url));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function inFolder(work: (folder: string, moiety: (...args: string[]) => Promise<Ended>) => Promise<void>) {
  const folder = mkdtempSync(join(tmpdir(), "moiety-sweep-"));
  const moiety = (...args: string[]): Promise<Ended> =>
    promisify(execFile)(process.execPath, [program, ...args], { cwd: folder }).then(
      (told) => ({ code: 0, ...told }),
      (error: Ended) => error,
    );
  try {
    await work(folder, moiety);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const summaryOf = (run: string): Summary => JSON.parse(readFileSync(join(run, "summary.json"), "utf8")) as Summary;

/** A table of four classes that can be learned, turned by an angle. */
function tableOf(turn: number): string {
  const rows = Array.from({ length: 300 }, (_, i) => [Math.sin(i + turn) + (i % 4), Math.cos(i * turn) - (i % 4)]);
  return `p,q,y\n${rows.map(([p, q], i) => `${p},${q},c${i % 4}`).join("\n")}\n`;
}

const own = {
  dataset: "mine",
  files: { kind: "csv", folder: ".", train: "a.csv", label: "y" },
  model: "mlp",
  clients: 4,
  rows: { train: 20, validation: 8, test: 10 },
  federation: { rounds: 3, cohort: 2, validateEvery: 1, validationClients: 2 },
  personal: { clients: 2, epochs: 2 },
};

test("a sweep over files trains each run on its own; what is not there fails alone, and is tried again", () =>
  inFolder(async (folder, moiety) => {
    writeFileSync(join(folder, "a.csv"), tableOf(1));
    writeFileSync(join(folder, "b.csv"), tableOf(2));
    writeFileSync(join(folder, "own.json"), JSON.stringify(own));
    const args = ["sweep", "own.json", "--vary", "files.train=a.csv,c.csv,b.csv", "--seeds", "1", "--out", "s"];
    const first = await moiety(...args);
    assert.is(first.code, 1);
    assert.not.match(first.stderr, /^ +at /m);
    assert.match(
      first.stdout,
      /1 of 3 runs failed; the same command tries them again:\ntrainc\.csv-seed1: .*got no c\.csv/,
    );
    const [a, b] = ["a", "b"].map((name) => summaryOf(join(folder, `s/train${name}.csv-seed1`)).weightsSha256);
    assert.is.not(a, b);
    await moiety("run", "own.json", "--set", "files.train=b.csv", "--out", "alone");
    assert.is(summaryOf(join(folder, "alone")).weightsSha256, b);
    // and its report says what is missing
    assert.match((await moiety("report", "s")).stdout, /trainc\.csv-seed1: .*got no c\.csv/);
    assert.match(readFileSync(join(folder, "s/report.html"), "utf8"), "ended without a result");

    writeFileSync(join(folder, "c.csv"), tableOf(2));
    const again = await moiety(...args);
    assert.is(again.code, 0, again.stderr);
    assert.match(again.stdout, "2 are done already");
    assert.is(summaryOf(join(folder, "s/trainc.csv-seed1")).weightsSha256, b);
    assert.not.match(readFileSync(join(folder, "s/report.html"), "utf8"), "ended without a result");
  }));

test("a rate that diverges ends its own runs, and the message names it; seeds can be varied", () =>
  inFolder(async (folder, moiety) => {
    writeFileSync(join(folder, "a.csv"), tableOf(1));
    writeFileSync(join(folder, "own.json"), JSON.stringify(own));
    const { code, stdout } = await moiety(
      "sweep",
      "own.json",
      "--vary",
      "federation.lr=1e30,0.001",
      "--vary",
      "seed=5,6",
      "--out",
      "s",
    );
    assert.is(code, 1);
    assert.match(stdout, /^lr1e\+30-seed5: federate: the loss is NaN .*\(federation\.lr is 1e\+30\)$/m);
    assert.equal(
      [5, 6].map((seed) => summaryOf(join(folder, `s/lr0.001-seed${seed}`)).seed),
      [5, 6],
    );
    const twice = await moiety("report", "s/lr0.001-seed5", "s/lr0.001-seed5", "s/lr0.001-seed6");
    assert.match(twice.stdout, /1 of 3 runs are there twice, and count once\n[^]*\nall runs +2 /);
  }));

test("a module that is varied is found from where the command is typed", () =>
  inFolder(async (folder, moiety) => {
    writeFileSync(join(folder, "a.csv"), tableOf(1));
    writeFileSync(join(folder, "own.json"), JSON.stringify(own));
    const nn = new URL("../../dist/nn/index.js", import.meta.url).href;
    writeFileSync(
      join(folder, "net.mjs"),
      `import { mlp, mlpGate } from ${JSON.stringify(nn)};
export const expert = ({ classes }) => mlp(2, classes.length);
export const gate = ({ outputs }) => mlpGate(2, outputs);
`,
    );
    const { code, stdout, stderr } = await moiety(
      "sweep",
      "own.json",
      "--vary",
      "model=./net.mjs,mlp",
      "--seeds",
      "1",
      "--out",
      "s",
    );
    assert.is(code, 0, `${stdout}${stderr}`);
    const name = /^(modelnet\.mjs-\w+-seed1) /m.exec(stdout)![1]!;
    // the same networks under another name
    assert.is(
      summaryOf(join(folder, "s", name)).weightsSha256,
      summaryOf(join(folder, "s/modelmlp-seed1")).weightsSha256,
    );
  }));

test.run();
