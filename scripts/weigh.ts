// What a page carries: code with everything it imports in one minified file, through gzip.
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** A page that trains a small network on images, from the entries as an app imports them. */
export const trainingPage = `
import { backward, crossEntropy, mean, scope } from "./src/index.ts";
import { Adam, ImageExamples, Linear, Net, Sequential, fit } from "./src/nn/index.ts";
console.log(backward, crossEntropy, mean, scope, Adam, ImageExamples, Linear, Net, Sequential, fit);`;

/** The minified bundle of some code, whose imports are relative to `folder`. */
export async function bundle(code: string, folder: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: folder, loader: "ts" },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "neutral",
    target: "es2022",
    write: false,
  });
  return outputFiles[0]!.contents;
}

/** Kilobytes of some bytes through gzip. */
export function gzipped(bytes: Uint8Array): number {
  return gzipSync(bytes, { level: 9 }).length / 1000;
}
