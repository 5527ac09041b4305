// The recipes: what each says when it is run, how short it is, and that the page of them has them all.
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assert, suite } from "../support/suite.ts";

const test = suite("recipes");
const folder = new URL("../../examples/recipes/", import.meta.url);

/** Runs a recipe; returns what it printed. */
async function said(name: string): Promise<string> {
  // what it declares would stay in this process' registry
  if (name === "op") {
    const words = ["--import", "tsx", fileURLToPath(new URL("op.ts", folder))];
    return (await promisify(execFile)(process.execPath, words)).stdout;
  }
  const { log } = console;
  let lines = "";
  console.log = (...words: unknown[]) => void (lines += `${words.join(" ")}\n`);
  try {
    await import(new URL(`${name}.ts`, folder).href);
  } finally {
    console.log = log;
  }
  return lines;
}

/** The numbers behind some words. */
const after = (text: string, words: string): number => Number(new RegExp(`${words} (-?[\\d.]+)`).exec(text)?.[1]);

const checks: Readonly<Record<string, (text: string) => void>> = {
  tabular: (text) => assert.ok(after(text, "accuracy") > 0.8 && text.startsWith("6 columns"), text),
  regression: (text) => assert.ok(after(text, "R2") > 0.98, text),
  windows: (text) => assert.ok(after(text, "accuracy") > 0.95, text),
  images: (text) => assert.ok(after(text, "accuracy") > 0.75, text),
  transformer: (text) => {
    assert.ok(after(text, "loss") < 0.3, text);
    assert.match(text, /: the cat sat on the mat and the dog/);
  },
  labels: (text) => assert.ok(after(text, "R2") > 0.9 && after(text, "F1") > 0.95 && after(text, "AUC") > 0.98, text),
  op: (text) => assert.match(text, /value .* \[0, 0.36788, 0.27067\]\nslope .* \[1, 0, -0.13534\]/),
  pytorch: (text) =>
    assert.match(text, /^answers Tensor\(f32\[1,2\]\).*\n0.weight 0.bias 2.weight 2.bias; ONNX \d{3} bytes/),
  transfer: (text) => assert.ok(after(text, "40 rows") > 0.85, text),
  federation: (text) => {
    assert.is(text.match(/house/g)?.length, 4);
    const [, generalist, mixture] = /house 0: generalist ([\d.]+), mixture ([\d.]+)/.exec(text)!;
    assert.ok(Number(mixture) < Number(generalist) / 3, text);
  },
  // the same bits in every runtime
  anywhere: (text) => assert.is(text, "weights e1eb271a271e7295\n"),
  checkpoint: (text) => assert.is(text, "to the bit: true\n"),
  // how many a second depends on what else the machine does
  requests: (text) => assert.match(text, /^1000 requests, all right: true, \d+ a second/),
};

const names = readdirSync(fileURLToPath(folder)).map((file) => file.replace(/\.ts$/, ""));

test("every recipe is run, has at most 30 lines, and stands on the page", () => {
  assert.equal(names.toSorted(), Object.keys(checks).toSorted());
  const page = readFileSync(new URL("../../docs/recipes.md", import.meta.url), "utf8");
  for (const name of names) {
    const lines = readFileSync(new URL(`${name}.ts`, folder), "utf8")
      .trimEnd()
      .split("\n");
    assert.ok(lines.length <= 30, `${name} has ${lines.length} lines`);
    assert.ok(page.includes(`(../examples/recipes/${name}.ts)`), `${name} is not on the page`);
  }
});

for (const [name, check] of Object.entries(checks)) test(name, async () => check(await said(name)));

test.run();
