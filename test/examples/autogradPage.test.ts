// docs/autograd.md as a program: its blocks one after another, in a process of its own, because they declare ops.
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assert, suite } from "../support/suite.ts";

const test = suite("docs/autograd.md");
const root = new URL("../../", import.meta.url);
const blocks = [...readFileSync(new URL("docs/autograd.md", root), "utf8").matchAll(/^```ts\n([^]*?)^```$/gm)].map(
  ([, code]) => code!,
);

// what the page calls by name and need not explain
const prelude = `import { format } from "node:util";
const print = (...words: unknown[]): void => console.log(format(...words).replace(/\\s+/g, " "));
const fails = (act: () => unknown, wanted: string): void => {
  let said = "nothing";
  try { act(); } catch (error) { said = (error as Error).message; }
  console.log(said.includes(wanted) ? "refused" : said);
};
`;

test("every block runs, and every line that says what comes out is right", async () => {
  assert.ok(blocks.length >= 7, `${blocks.length} blocks`);
  const page = blocks.join("\n");
  const wanted = [...page.matchAll(/^(?:print\(.*\);.* \/\/ (.+)|(fails)\(.*)$/gm)].map(
    ([, said]) => said ?? "refused",
  );
  mkdirSync(new URL("build/docs", root), { recursive: true });
  const program = fileURLToPath(new URL("build/docs/autograd.ts", root));
  writeFileSync(program, `${prelude}\n${page}`);
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", program], {
    cwd: fileURLToPath(root),
  });
  assert.equal(stdout.trim().split("\n"), wanted);
});

test.run();
