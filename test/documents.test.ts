// What documents tell people to type is there: every block of code is run by a test, or read by what would run it, or says why not in a
// comment before it, <!-- not run: reason -->. Commands are parsed by the command line itself up to where their work would begin.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { complete } from "../src/experiment/complete.ts";
import { parseConfig } from "../src/experiment/schema.ts";
import { parseVertical } from "../src/experiment/vertical/index.ts";
import { commands, parse } from "./support/commandLine.ts";
import { assert, test } from "./support/suite.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, "utf8");
const isDocument = (path: string): boolean => path.endsWith(".md") && !path.includes("node_modules");
const documents = [
  "README.md",
  "CONTRIBUTING.md",
  ...["docs", "examples"].flatMap((folder) =>
    readdirSync(`${root}${folder}`, { recursive: true, encoding: "utf8" })
      .map((name) => `${folder}/${name}`)
      .filter(isDocument),
  ),
];

interface Block {
  readonly at: string;
  readonly language: string;
  readonly code: string;
  /** Why it is not run, where it says so. */
  readonly reason: string | undefined;
}

const fence = /^(?:<!-- not run: (.+) -->\n+)?```(\w*)\n([\s\S]*?)^```$/gm;
const blocks = documents.flatMap((path): Block[] =>
  [...read(path).matchAll(fence)].map(({ 1: reason, 2: language = "", 3: code = "", index }) => ({
    at: `${path}:${read(path).slice(0, index).split("\n").length}`,
    language,
    code,
    reason,
  })),
);

// blocks that a test of their own runs, whole
const tested: Readonly<Record<string, string>> = {
  "README.md": "test/readme.test.ts",
  "docs/autograd.md": "test/examples/autogradPage.test.ts",
  "docs/methods.md": "test/cli/methods.test.ts",
};

// pages that a test follows from beginning to end: their files, commands and output
const followed: ReadonlySet<string> = new Set(["docs/tutorial-own-clients.md", "docs/tutorial-class.md"]);

/** Words of a shell's line, without what comes after a #. */
function wordsOf(line: string): string[] {
  const words = line.match(/'[^']*'|"[^"]*"|[^\s'"]+(?:'[^']*'|"[^"]*"|[^\s'"]+)*/g) ?? [];
  const comment = words.findIndex((word) => word.startsWith("#"));
  return words.slice(0, comment < 0 ? words.length : comment).map((word) => word.replaceAll(/['"]/g, ""));
}

function commandsOf(code: string): string[] {
  return code
    .replaceAll(/\\\n\s*/g, " ")
    .split("\n")
    .flatMap((line) => line.replace(/(?:^|\s+)#.*$/, "").split("; "))
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };

// programs of others, which are there or not
const others = new Set(["python3", "venv/bin/pip", "openssl", "printf", "flwr", "node", "npx", "configure({"]);

async function check(line: string): Promise<unknown> {
  const [program = "", ...words] = wordsOf(line.replace(/ &$/, ""));
  if (program === "moiety") return parse(placeheld(words));
  if (program === "bash") return assert.ok(existsSync(`${root}${words[0]}`));
  if (program !== "npm") return assert.ok(others.has(program), `${program}, of ${line}`);
  if (words[0] === "ci" || words[0] === "install") return undefined;
  const run = words[0] === "run" ? words.slice(1).filter((word) => word !== "-s") : words;
  assert.ok(Object.hasOwn(scripts, run[0]!), `no script ${run[0]}, of ${line}`);
  const rest = run.slice(run.indexOf("--") + 1);
  if (run[0] === "moiety" && run.includes("--")) return parse(placeheld(rest));
  if (run[0] === "example" && run.includes("--")) assert.ok(examples.has(rest[0]!), `no example ${rest[0]}`);
  return undefined;
}

// what stands for the reader's own
const placeheld = (words: readonly string[]): string[] =>
  words.map((word) => (word === "RUN..." ? "runs/mine" : word)).filter((word) => word !== "...");

const examples = new Set([
  "embed",
  "node",
  "deno",
  "bun",
  "browser",
  "NAME",
  ...readdirSync(`${root}examples/recipes`).map((name) => name.replace(/\.ts$/, "")),
]);

test("every block of code is run by a test, read by what would run it, or says why not", async () => {
  assert.ok(blocks.length > 40);
  const problems: string[] = [];
  for (const { at, language, code, reason } of blocks) {
    const path = at.replace(/:\d+$/, "");
    if (reason !== undefined) {
      if (reason.length <= 10) problems.push(`${at}: its reason is none`);
    } else if (followed.has(path)) {
      if (!["sh", "js", "json", "text"].includes(language))
        problems.push(`${at}: test/tutorials.test.ts runs no ${language || "plain text"}`);
    } else if (language === "sh" || (language === "" && /^(?:moiety|npm|npx) /.test(code)))
      for (const line of commandsOf(code))
        await check(line).catch((error: Error) => problems.push(`${at}: ${line}: ${error.message}`));
    else if (language === "json")
      await Promise.resolve()
        .then(() => {
          const config: unknown = JSON.parse(code);
          // the one kind of config that is not of `moiety run`
          if (typeof config === "object" && config !== null && "parties" in config) parseVertical(config);
          else parseConfig(complete(config));
        })
        .catch((error: Error) => problems.push(`${at}: ${error.message}`));
    else if (language === "ts" || language === "js") {
      if (!tested[path] || !existsSync(`${root}${tested[path]}`))
        problems.push(`${at} is run by no test, and does not say why`);
    } else if (language !== "bibtex")
      problems.push(`${at}: a block of ${language || "no language"}; run it, or say why not`);
  }
  assert.equal(problems, []);
});

test("what a block imports is there", async () => {
  const entries = JSON.parse(read("jsr.json")) as { exports: Record<string, string> };
  for (const { at, code } of blocks)
    for (const [, names = "", name = ""] of code.matchAll(/^import \{([^}]+)\} from "moiety(\/\w+)?";/gm)) {
      const module = (await import(`${root}${entries.exports[name === "" ? "." : `.${name}`]}`)) as object;
      for (const one of names.split(",").map((word) => word.trim()))
        if (!one.startsWith("type ")) assert.ok(one in module, `${at}: moiety${name} has no ${one}`);
    }
});

test("every npm script and every command that a sentence names is there", async () => {
  const names = new Set(commands.flatMap(({ command = [] }) => [command].flat().map((one) => one.split(" ")[0])));
  for (const path of documents)
    for (const [, line = ""] of read(path).matchAll(/`((?:npm run|npm test|npm start|moiety) [^`]+)`/g)) {
      const [program, ...words] = wordsOf(line);
      const run = words.filter((word) => word !== "-s" && word !== "run");
      if (program === "npm")
        assert.ok(Object.hasOwn(scripts, words[0] === "run" ? run[0]! : words[0]!), `${path}: ${line}`);
      else if (/^[a-z]/.test(words[0]!)) assert.ok(names.has(words[0]), `${path}: ${line}`);
    }
});

test.run();
