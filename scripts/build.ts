// Makes dist/: one .js and one .d.ts per source, what these need of packages, and the kernels as a file of their own. Files whose
// source is gone go too; dist/ is never emptied, because a command line may be running from it.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { extraText } from "../src/runtime/extra.wasm.ts";
import { kernelsText } from "../src/runtime/kernels.wasm.ts";
import { decodePrintable } from "../src/runtime/printable.ts";
import { takePackages } from "./vendor.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Compiles everything that is shipped. */
export async function build(): Promise<void> {
  execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  for (const file of readdirSync(`${root}dist`, { recursive: true }) as string[]) {
    const source = file.replace(/(\.d\.ts|\.js)$/, ".ts");
    if (source !== file && !file.startsWith("vendor") && !existsSync(`${root}src/${source}`))
      rmSync(`${root}dist/${file}`);
  }
  await takePackages();
  writeFileSync(`${root}dist/kernels.wasm`, decodePrintable(kernelsText));
  writeFileSync(`${root}dist/extra.wasm`, decodePrintable(extraText));
  // what scripts/stale.mjs goes by
  writeFileSync(`${root}dist/.stamp`, "");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build();
