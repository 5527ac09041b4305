// moiety partition: what it prints, and that a run takes the file it writes.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assert, suite } from "../support/suite.ts";

const test = suite("moiety partition");
const program = fileURLToPath(new URL("../../scripts/moiety.mjs", import.meta.url));
const execute = promisify(execFile);

function moiety(folder: string, ...args: string[]): Promise<string> {
  return execute(process.execPath, [program, ...args], { cwd: folder }).then(
    ({ stdout }) => stdout,
    ({ stderr }: { stderr: string }) => stderr,
  );
}

test("a folder for each client is a partition, and its file gives the same run", async () => {
  const folder = mkdtempSync(join(tmpdir(), "moiety-partition-"));
  try {
    for (const [i, name] of ["ann", "bob", "cy"].entries()) {
      mkdirSync(join(folder, "data", name), { recursive: true });
      const rows = Array.from(
        { length: 40 },
        (_, row) => `${(row * (i + 2)) % 7},${row % 5},${row % 2 ? "up" : "down"}`,
      );
      writeFileSync(join(folder, "data", name, "all.csv"), ["a,b,y", ...rows].join("\n"));
    }
    const config = {
      dataset: "mine",
      files: { kind: "csv", folder: "data", train: "*/all.csv", label: "y" },
      model: "mlp",
      clients: 3,
      partition: { kind: "column", heldOut: ["cy"] },
      rows: { train: 20, validation: 8, test: 8 },
      federation: { rounds: 1, cohort: 2 },
      personal: { clients: 3, epochs: 1 },
    };
    writeFileSync(join(folder, "own.json"), JSON.stringify(config));
    const table = await moiety(folder, "partition", "own.json", "--out", "p.json");
    const lines = table.split("\n");
    for (const [i, name] of ["ann", "bob", "cy"].entries())
      assert.match(
        lines[2 + i]!,
        new RegExp(`^${i} ${name} +20 +8 +8 +\\d+ +\\d+${name === "cy" ? "  stays out" : ""}$`),
      );
    assert.match(table, /written to p\.json; --set partition=p\.json takes it/);
    const given = JSON.parse(readFileSync(join(folder, "p.json"), "utf8")) as { clients: { name: string }[] };
    assert.equal(
      given.clients.map(({ name }) => name),
      ["ann", "bob", "cy"],
    );
    const weights = async (...args: string[]) =>
      /weights +(\w+)/.exec(await moiety(folder, "run", ...args, "--workers", "1"))?.[1];
    const first = await weights("own.json", "--out", "one");
    assert.is(first?.length, 64);
    assert.is(await weights("own.json", "--set", "partition=p.json", "--out", "two"), first);
    // its config.json needs the file no more
    rmSync(join(folder, "p.json"));
    assert.is(await weights("two/config.json", "--out", "three"), first);
    assert.match(await moiety(folder, "run", "own.json", "--set", "partition=p.json"), /cannot read .*p\.json, ENOENT/);
    writeFileSync(join(folder, "q.json"), "[]");
    assert.match(
      await moiety(folder, "run", "own.json", "--set", "partition=q.json"),
      /q\.json, got no list of clients/,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the kinds are taught by moiety presets", async () => {
  const told = await moiety(".", "presets");
  for (const kind of ["majority", "column", "shards", "pathological", "quantity"])
    assert.match(told, new RegExp(`^${kind} `, "m"));
});

test.run();
