// docs/reproduction.md and the pages behind it say what the runs beside them say.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { readSweep, reproduction } from "../scripts/reproduction.ts";
import { readPages } from "../scripts/reproduction/pages.ts";
import { anchor } from "../scripts/reproduction/summary.ts";
import { assert, suite } from "./support/suite.ts";

const test = suite("the reproduction");
const docs = fileURLToPath(new URL("../docs/", import.meta.url));
const pages = readPages(docs);
const sweeps = readdirSync(`${docs}reproduction`, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

test("pages and figures are what the committed runs give", async () => {
  const made = await reproduction(pages);
  for (const [path, text] of made.pages) assert.is(text, pages.get(path), `npm run reproduction writes ${path} again`);
  for (const [name, svg] of made.figures)
    assert.is(readFileSync(`${docs}reproduction/${name}`, "utf8"), svg, `npm run reproduction writes ${name} again`);
});

test("every sweep has its section, every section its sweep, every figure its file", () => {
  const all = [...pages.values()].join("\n");
  const sections = new Set([...all.matchAll(/<!-- reproduced: ([\w+-]+) /g)].flatMap(([, name]) => name!.split("+")));
  assert.equal([...sections].toSorted(), sweeps.toSorted());
  for (const [page, text] of pages)
    for (const [, path] of text.matchAll(/!\[.*?\]\((.*?)\)/g))
      assert.ok(existsSync(join(docs, dirname(page), path!)), `${page}: ${path}`);
});

test("every link from page to page leads to a heading", () => {
  for (const [page, text] of pages)
    for (const [link, path = "", at] of text.matchAll(/\]\(([^)#:]*)#([^)]+)\)/g)) {
      const target = pages.get(path === "" ? page : join(dirname(page), path));
      const headings = [...(target ?? "").matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchor(heading!));
      assert.ok(headings.includes(at!), `${page}: ${link} leads nowhere`);
    }
});

test("the front page begins with ten lines at most, and its table", () => {
  const before = pages.get("reproduction.md")!.split("<!-- summary: reproduction -->")[0]!;
  assert.ok(before.trim().split("\n").filter(Boolean).length <= 10);
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
