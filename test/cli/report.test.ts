// The report of a sweep by its folder, as moiety report gives it.
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import fc from "fast-check";
import { encodeZip } from "../../src/io/zip.ts";
import { readRun } from "../../src/cli/records.ts";
import { assert, suite } from "../support/suite.ts";
import { config as tiny, recordsOf, runTiny } from "../support/tiny.ts";

const test = suite("moiety report");
const program = fileURLToPath(new URL("../../scripts/moiety.mjs", import.meta.url));
const execute = promisify(execFile);

const config = {
  preset: "quick",
  clients: 3,
  rows: { train: 20, validation: 10, test: 20 },
  federation: { rounds: 2, cohort: 2 },
  personal: { clients: 2, epochs: 2 },
};

async function moiety(...args: readonly string[]): Promise<string> {
  return (await execute(process.execPath, [program, ...args])).stdout;
}

test("a sweep's folder stands for those of its runs that are done", async () => {
  const folder = mkdtempSync(join(tmpdir(), "moiety-report-"));
  const sweep = join(folder, "sweep");
  try {
    writeFileSync(join(folder, "config.json"), JSON.stringify(config));
    const told = await moiety(
      "sweep",
      join(folder, "config.json"),
      "--vary",
      "p=0.2,1",
      "--seeds",
      "2",
      "--out",
      sweep,
    );
    const table = told.slice(told.indexOf("setting"), told.indexOf("report "));
    assert.match(table, /p = 0\.2 +2 .*\np = 1 +2 /);
    rmSync(join(sweep, "report.html"));
    assert.ok((await moiety("report", sweep)).startsWith(table));
    assert.ok(existsSync(join(sweep, "report.html")));

    rmSync(join(sweep, "p1-seed2", "summary.json"));
    assert.match(await moiety("report", sweep), /^1 of 4 runs are not done yet\n[^]*p = 1 +1 /);

    for (const run of ["p0.2-seed1", "p0.2-seed2", "p1-seed1"]) rmSync(join(sweep, run, "summary.json"));
    const refused = await moiety("report", sweep).catch(({ stderr }: { stderr: string }) => stderr);
    assert.match(refused, /no run of .*sweep is done yet/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("an archive that the lab exported is read as it is, and its report lies beside it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "moiety-report-"));
  try {
    const { store } = await runTiny();
    const archive = join(folder, "quick-p0.6-seed1.zip");
    writeFileSync(archive, encodeZip([...store.files].map(([name, bytes]) => [`quick-p0.6-seed1/${name}`, bytes])));
    assert.match(await moiety("report", archive), /Mixture +\d+\.\d[^]*quick-p0\.6-seed1\.html/);
    assert.ok(existsSync(join(folder, "quick-p0.6-seed1.html")));
    for (const [bytes, message] of [
      [encodeZip([["run/config.json", store.files.get("config.json")!]]), /holds no finished run/],
      [Uint8Array.of(1, 2, 3), /zip: got no archive/],
    ] as const) {
      writeFileSync(archive, bytes);
      const refused = await moiety("report", archive).catch(({ stderr }: { stderr: string }) => stderr);
      assert.match(refused, message);
    }
    const none = await moiety("report", join(folder, "none.zip")).catch(({ stderr }: { stderr: string }) => stderr);
    assert.match(none, /^moiety: cannot read .*none\.zip, there is no such file or folder\n$/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("metrics that lost rounds or clients, wherever they are cut, are refused by name", async () => {
  const folder = mkdtempSync(join(tmpdir(), "moiety-report-"));
  try {
    const { store } = await runTiny();
    for (const name of ["config.json", "summary.json", "clients.csv", "metrics.jsonl"])
      writeFileSync(join(folder, name), store.files.get(name)!);
    const counts = async (): Promise<number[]> => {
      const { metrics } = await readRun(folder);
      return ["round", "client"].map((kind) => metrics.filter((metric) => metric.kind === kind).length);
    };
    const whole = await counts();
    const bytes = store.files.get("metrics.jsonl")!;
    const refused =
      /metrics\.jsonl: .*restore it, or remove it and the report is made of summary\.json and clients\.csv$/;
    let [accepted, cuts] = [0, 0];
    const cut = async (from: number, to: number): Promise<void> => {
      writeFileSync(
        join(folder, "metrics.jsonl"),
        [bytes.slice(0, from), bytes.slice(to)].reduce((head, tail) => Uint8Array.of(...head, ...tail)),
      );
      cuts++;
      const found = await counts().catch((error: Error) => error.message);
      if (typeof found === "string") assert.match(found, refused);
      else {
        accepted++;
        assert.equal(found, whole);
      }
    };
    const at = fc.nat({ max: bytes.length });
    await fc.assert(fc.asyncProperty(at, (from) => cut(from, bytes.length)));
    const lines = new TextDecoder().decode(bytes).split("\n");
    const starts = lines.map((_, i) => lines.slice(0, i).join("\n").length + (i > 0 ? 1 : 0));
    const line = fc.constantFrom(...starts);
    await fc.assert(fc.asyncProperty(line, line, (a, b) => cut(Math.min(a, b), Math.max(a, b))));
    assert.ok(accepted < cuts / 2, `${accepted} of ${cuts} accepted`);
    rmSync(join(folder, "metrics.jsonl"));
    assert.equal((await counts())[0], 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("what a run writes is read again, whatever it was of: noise, liars, methods or none", async () => {
  const { federation } = tiny;
  const some = (changes: object, methods?: object): typeof tiny =>
    ({
      ...tiny,
      ...(methods && { methods }),
      federation: { ...federation, rounds: 2, ...changes },
    }) as typeof tiny;
  const privacies = fc.constantFrom(
    {},
    { privacy: { clip: 1, multiplier: 1, delta: 1e-3 } },
    { privacy: { kind: "local", clip: 1, multiplier: 1, delta: 1e-3 } },
  );
  const attacks = fc.constantFrom({}, { attack: { kind: "scaled", share: 0.5 } });
  const chosen = fc.constantFrom(undefined, { fedavg: {} }, { ditto: {}, fedavg: {} });
  await fc.assert(
    fc.asyncProperty(privacies, attacks, chosen, async (privacy, attack, methods) => {
      const folder = mkdtempSync(join(tmpdir(), "moiety-report-"));
      try {
        const { store, result } = await runTiny({ config: some({ ...privacy, ...attack }, methods) });
        for (const name of ["config.json", "summary.json", "clients.csv", "metrics.jsonl"])
          writeFileSync(join(folder, name), store.files.get(name)!);
        const { summary, metrics } = await readRun(folder);
        assert.is(summary.weightsSha256, recordsOf(result).summary.weightsSha256);
        assert.equal(metrics.length, recordsOf(result).metrics.length);
      } finally {
        rmSync(folder, { recursive: true });
      }
    }),
    { numRuns: 6 },
  );
});

test.run();
