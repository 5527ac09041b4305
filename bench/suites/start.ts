// From nothing to a trained step: a fresh process imports what is shipped, makes a net and runs one step. And how many bytes
// that takes.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { bundle, gzipped, trainingPage } from "../../scripts/weigh.ts";
import { kernelsText } from "../../src/runtime/kernels.wasm.ts";
import { decodePrintable } from "../../src/runtime/printable.ts";
import type { Line } from "../line.ts";
import { median } from "../statistics.ts";
import type { Suite } from "../suite.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const STARTS = 15;

// a page or an app bundles no more than this program reaches
const program = (library: string): string => `
const begun = performance.now();
const cpu = process.cpuUsage();
const { backward, mean, nll, scope, tensor } = await import("${library}/index.js");
const { Adam, lenetCifar, Net } = await import("${library}/nn/index.js");
const net = new Net(lenetCifar(), { group: "shared" }).init(1);
const optimizer = new Adam(net.parameters);
const x = tensor(new Float32Array(10 * 3 * 32 * 32).fill(0.5), [10, 3, 32, 32]);
const labels = tensor(Int32Array.from({ length: 10 }, (_, i) => i), [10], "i32");
const loss = scope(() => {
  const value = mean(nll(net.forward(x, { train: true, key: [1, 2] }), labels));
  backward(value);
  optimizer.step();
  return value.item();
});
if (!(loss > 0)) throw new Error("no loss");
const wall = performance.now() - begun;
const { user, system } = process.cpuUsage(cpu);
// where others had the core meanwhile, the clock says more than this process did on all its threads
console.log(Math.min(wall, (user + system) / 1000));
`;

type Found = Omit<Line, "suite" | "runtime" | "build">;

function started(name: string, script: string, also: Record<string, number>): Found {
  const times = Array.from({ length: STARTS }, () =>
    Number(execFileSync(process.execPath, [script], { encoding: "utf8" })),
  );
  return { name, ms: median(times), also: { ...also, "best ms": Math.min(...times) } };
}

async function* measure(wanted: (name: string) => boolean): AsyncGenerator<Found> {
  const folder = mkdtempSync(join(tmpdir(), "moiety-start-"));
  try {
    const library = join(folder, "dist");
    execFileSync(
      process.execPath,
      ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json", "--outDir", library],
      { cwd: root },
    );
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    const unbundled = join(folder, "unbundled.js");
    writeFileSync(unbundled, program(pathToFileURL(library).href));
    if (wanted("as built")) yield started("as built", unbundled, {});

    const whole = join(folder, "bundle.js");
    writeFileSync(whole, await bundle('export * from "./src/index.ts"; export * from "./src/nn/index.ts";', root));
    const bundled = join(folder, "bundled.js");
    writeFileSync(bundled, program("").replaceAll(/"\/(nn\/)?index\.js"/g, `"${pathToFileURL(whole).href}"`));
    const entry = await bundle('export * from "./src/index.ts";', root);
    const also = {
      // what an app serves: what it imports, of which the kernels are a part
      "kB page gzipped": gzipped(await bundle(trainingPage, root)),
      "kB entry minified": entry.length / 1000,
      "kB entry gzipped": gzipped(entry),
      "kB kernels gzipped": gzipped(decodePrintable(kernelsText)),
    };
    if (wanted("bundled")) yield started("bundled", bundled, also);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const start: Suite = {
  name: "start",
  about: "a fresh process imports the built library, makes LeNet-CIFAR and finishes a step of batch 10; bytes shipped",
  cases: [],
  measure,
};
