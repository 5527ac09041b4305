// npm run example -- embed | node | deno | bun | browser: or a recipe: one of the examples, in the runtime it is for, on the built package.
// Further words are the example's own.
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installed } from "./installed.ts";
import { build } from "./build.ts";
import { serveFolder } from "./serve.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

const commands: Readonly<Record<string, () => Promise<readonly string[]>>> = {
  embed: async () => [process.execPath, "--import", "tsx", "examples/embed.ts"],
  node: async () => [process.execPath, "--import", "tsx", "examples/node/server.ts"],
  deno: async () => [
    join(await installed("deno", "2.9.6"), "node_modules/.bin/deno"),
    "run",
    "--quiet",
    "--no-lock",
    "-A",
    "examples/deno/table.ts",
  ],
  bun: async () => [join(await installed("bun", "1.4.4"), "node_modules/.bin/bun"), "examples/bun/experiment.ts"],
};

async function main([name = "embed", ...words]: readonly string[]): Promise<void> {
  await build();
  if (name === "browser") {
    const { url } = await serveFolder(root);
    console.log(`${url}examples/browser/ (Ctrl-C to stop)`);
    return;
  }
  const recipes = readdirSync(join(root, "examples/recipes")).map((file) => file.replace(/\.ts$/, ""));
  const command = recipes.includes(name)
    ? async (): Promise<readonly string[]> => [process.execPath, "--import", "tsx", `examples/recipes/${name}.ts`]
    : commands[name];
  if (!command) {
    console.error(`example: no ${name}; there are ${[...Object.keys(commands), "browser", ...recipes].join(", ")}`);
    process.exitCode = 2;
    return;
  }
  const [file, ...flags] = (await command()) as [string, ...string[]];
  const child = spawn(file, [...flags, ...words], { cwd: root, stdio: "inherit" });
  child.on("exit", (code) => (process.exitCode = code ?? 1));
}

await main(process.argv.slice(2));
