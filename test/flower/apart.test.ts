import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { suite, assert } from "../support/suite.ts";

const apart = suite("flower apart");

const source = fileURLToPath(new URL("../../src/", import.meta.url));

/** Everything that loads with a module: files of ours, and packages by name. `import()` and types load nothing. */
function loads(entry: string, seen: Set<string> = new Set()): Set<string> {
  if (seen.has(entry)) return seen;
  seen.add(entry);
  if (!entry.startsWith(source)) return seen;
  const text = readFileSync(entry, "utf8");
  for (const [, kind = "", target = ""] of text.matchAll(/^(import|export)\b(?! type)[^;]*?from "([^"]+)";/gms))
    if (kind) loads(target.startsWith(".") ? resolve(dirname(entry), target) : target, seen);
  return seen;
}

const flower = (path: string): boolean => path.includes("/backends/flower/");

apart("nothing of Flower loads with the command line or with any other entry of the library", () => {
  const entries = [
    "cli/main.ts",
    ...readdirSync(source, { withFileTypes: true }).flatMap((entry) => {
      const index = entry.isDirectory() ? `${entry.name}/index.ts` : entry.name;
      return index.endsWith(".ts") && existsSync(source + index) ? [index] : [];
    }),
  ].filter((entry) => !/flower/.test(entry));
  assert.ok(entries.length > 3);
  for (const entry of entries) {
    const loaded = [...loads(source + entry)];
    // ONNX files are protobuf, too
    const ours = entry === "onnx/index.ts" ? /grpc/ : /grpc|bufbuild/;
    assert.equal(
      loaded.filter((path) => flower(path) || ours.test(path)),
      [],
      entry,
    );
  }
});

apart("the entry for Flower loads protobuf, but neither gRPC nor anything of Node", () => {
  const loaded = [...loads(`${source}federated/backends/flower/index.ts`)];
  const packages = loaded.filter((path) => !path.startsWith("/"));
  assert.equal(packages, ["@bufbuild/protobuf/wire"]);
});

apart.run();
