import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { assert, test } from "./support/suite.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string): string => readFileSync(`${root}/${path}`, "utf8");
const readme = read("README.md");

test("the README's embed example is examples/embed.ts, which is tested", () => {
  const [, block] = /```ts\n([\s\S]*?)```/.exec(readme)!;
  assert.is(block!.trim(), read("examples/embed.ts").trim());
});

test("every file the README points to exists", () => {
  for (const [, target] of readme.matchAll(/\]\((?!https?:)([^)#]+)/g))
    assert.ok(existsSync(`${root}/${target}`), `${target} is missing`);
});

test("every npm script the README names exists", () => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  for (const [, name] of readme.matchAll(/npm run (?:-s )?([\w:]+)/g))
    assert.ok(Object.hasOwn(scripts, name!), `${name} is missing`);
});

test.run();
