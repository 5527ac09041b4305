import { fileURLToPath } from "node:url";
import { readSources, violations } from "../scripts/layers.ts";
import { assert, test } from "./support/suite.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What is found when `text` stands at `path`, among modules of the house. */
function found(path: string, text: string): string {
  return violations([{ path, text }]).join("\n");
}

test("the house keeps its import rules", () => {
  const sources = readSources(root);
  assert.ok(sources.length > 100, "the tree was not read");
  assert.equal(violations(sources), []);
});

test("a floor may import floors below it and none above", () => {
  assert.is(found("src/nn/fit.ts", 'import { backward } from "../autograd/backward.ts";'), "");
  assert.match(found("src/autograd/op.ts", 'import { fit } from "../nn/fit.ts";'), /op\.ts: imports src\/nn\/fit\.ts/);
  assert.match(found("src/federated/rounds.ts", 'export { mix } from "../moe/mixture.ts";'), /federated may import/);
  assert.match(found("src/moe/gate.ts", 'import type { Config } from "../experiment/config.ts";'), /moe may import/);
  assert.match(found("src/moe/gate.ts", 'void import("../cli/main.ts");'), /moe may import/);
});

test("data sits on two files of the runtime, and io and report on nothing of ours", () => {
  assert.is(found("src/data/pool.ts", 'import { Stream } from "../runtime/random.ts";'), "");
  assert.match(found("src/data/pool.ts", 'import { engine } from "../runtime/engine.ts";'), /data may import/);
  assert.match(found("src/io/npy.ts", 'import { log } from "../runtime/scalar.ts";'), /io may import nothing of ours/);
  assert.match(found("src/report/stat.ts", 'import { x } from "../io/csv.ts";'), /io serves/);
});

test("only the upper floors use data and report", () => {
  assert.match(
    found("src/nn/examples.ts", 'import { parseIdx } from "../data/idx.ts";'),
    /data serves experiment, cli/,
  );
  assert.match(found("src/moe/evaluate.ts", 'import { stat } from "../report/stat.ts";'), /report serves/);
  assert.is(found("src/experiment/setup.ts", 'import { iid } from "../data/index.ts";'), "");
});

test("nobody imports an entry", () => {
  assert.match(found("src/nn/fit.ts", 'import { gradcheck } from "../testing/index.ts";'), /nobody imports an entry/);
  assert.match(found("src/cli/main.ts", 'import * as all from "../index.ts";'), /nobody imports an entry/);
  assert.is(found("src/index.ts", 'export * from "./moe/index.ts";'), "");
});

test("a folder that is no floor is noticed", () => {
  assert.match(found("src/utils/misc.ts", 'import { x } from "../nn/net.ts";'), /utils is no floor/);
});

test("Node's modules stay on the platform, in the backends and in the command line", () => {
  for (const path of ["src/runtime/platform.ts", "src/federated/backends/flower/node.ts", "src/cli/main.ts"])
    assert.is(found(path, 'import { join } from "node:path";'), "");
  assert.match(found("src/data/idx.ts", 'import { gunzipSync } from "node:zlib";'), /node's modules/);
  assert.match(found("src/experiment/run.ts", 'await import("node:fs")'), /node's modules/);
});

test("a package is imported only where it is at home", () => {
  assert.is(found("src/experiment/schema.ts", 'import * as v from "valibot";'), "");
  assert.match(found("src/nn/fit.ts", 'import * as v from "valibot";'), /needs no such package/);
  assert.match(found("src/cli/main.ts", 'import fc from "fast-check";'), /needs no such package/);
});

test("kernels are called in the runtime and in ops only", () => {
  const call = "const { kernels } = engine();";
  assert.is(found("src/autograd/ops/add.ts", `import { engine } from "../../runtime/engine.ts"; ${call}`), "");
  assert.match(found("src/autograd/tensor.ts", call), /tensor\.ts: calls kernels/);
  assert.is(found("src/autograd/tensor.ts", '// about kernels\nconst text = "kernels";'), "");
  assert.match(found("src/nn/net.ts", 'import { engine } from "../runtime/engine.ts";'), /only runtime and autograd/);
});

/** What is found when a needs b, and b imports a in this way. */
function ring(second: string): string {
  return violations([
    { path: "src/nn/a.ts", text: 'import { b } from "./b.ts";' },
    { path: "src/nn/b.ts", text: second },
  ]).join("\n");
}

test("rings of modules are found, by imports that are erased or late too", () => {
  for (const second of [
    'import { a } from "./a.ts";',
    'import { type A } from "./a.ts";',
    'import type { A } from "./a.ts";',
    'export type { A } from "./a.ts";',
    'void import("./a.ts");',
  ])
    assert.is(ring(second), "cycle: src/nn/a.ts -> src/nn/b.ts -> src/nn/a.ts");
  assert.is(ring('import type { C } from "./c.ts";'), "");
});

test("the page's modules are read as the others are", () => {
  assert.ok(readSources(root).some(({ path }) => path.startsWith("lab/")));
  const lab = [
    { path: "lab/a.ts", text: 'import type { B } from "./b.ts";' },
    { path: "lab/b.ts", text: 'import { a } from "./a.ts";' },
  ];
  assert.match(violations(lab).join("\n"), /cycle: lab/);
});

test("imports over several lines count, imports in comments do not", () => {
  assert.match(found("src/io/a.ts", 'import {\n  one,\n  two,\n} from "../nn/net.ts";'), /imports src\/nn\/net\.ts/);
  assert.is(found("src/io/a.ts", '// import { x } from "../nn/net.ts";\n/* import "../nn/net.ts"; */'), "");
});

test("default exports are found, also under another name", () => {
  assert.match(found("test/x.test.ts", "export default function f() {}"), /default export/);
  assert.match(found("src/nn/net.ts", "const a = 1;\nexport { a as default };"), /default export/);
  assert.is(found("src/nn/net.ts", "// export default here\nexport const a = 1;"), "");
});

test.run();
