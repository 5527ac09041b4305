// docs/reproduction.md says what the runs beside it say.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readSweep, reproduction } from "../scripts/reproduction.ts";
import { assert, suite } from "./support/suite.ts";

const test = suite("the reproduction");
const docs = fileURLToPath(new URL("../docs/", import.meta.url));
const text = readFileSync(`${docs}reproduction.md`, "utf8");
const sweeps = readdirSync(`${docs}reproduction`, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

test("page and figures are what the committed runs give", async () => {
  const made = await reproduction(text);
  assert.is(made.page, text, "npm run reproduction writes the page again");
  for (const [name, svg] of made.figures)
    assert.is(readFileSync(`${docs}reproduction/${name}`, "utf8"), svg, `npm run reproduction writes ${name} again`);
});

test("every sweep has its section, every section its sweep, every figure its file", () => {
  const sections = new Set([...text.matchAll(/<!-- reproduced: ([\w+-]+) /g)].flatMap(([, name]) => name!.split("+")));
  assert.equal([...sections].toSorted(), sweeps.toSorted());
  for (const [, path] of text.matchAll(/!\[.*?\]\((.*?)\)/g)) assert.ok(existsSync(docs + path!), path);
  assert.not.match(text, /PLACE/);
});

test("runs are kept small and whole: no weights, no epochs, three seeds of every setting", async () => {
  for (const sweep of sweeps) {
    const runs = await readSweep(`${docs}reproduction/${sweep}`);
    const seeds = runs.map(({ summary }) => summary.seed);
    assert.is(new Set(seeds).size, 3, sweep);
    for (const seed of seeds) assert.is(seeds.filter((other) => other === seed).length, runs.length / 3, sweep);
    for (const { summary, metrics } of runs) {
      assert.is(
        summary.evaluatedClients,
        new Set(metrics.flatMap((at) => (at.kind === "client" ? [at.client] : []))).size,
      );
      assert.match(summary.weightsSha256, /^[0-9a-f]{64}$/);
    }
    const files = readdirSync(`${docs}reproduction/${sweep}`, { recursive: true }) as string[];
    assert.not(files.some((file) => /\.(safetensors|jsonl)$/.test(file)));
  }
});

test.run();
