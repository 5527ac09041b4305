// The examples that need nothing but Node, on the sources. npm run test:platforms runs the others, on the package.
import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { readings } from "../../examples/machines.ts";
import { assert, suite } from "../support/suite.ts";

const test = suite("examples");
const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const node = (file: string): string[] => ["--import", "tsx", `examples/${file}`];
// side by side, because each is short
const embed = run(process.execPath, node("embed.ts"), { cwd: root });
const table = run(process.execPath, node("deno/table.ts"), { cwd: root });

test("embed: mixtures are better on their clients' tests than the generalist", async () => {
  const { stdout } = await embed;
  const found = [...stdout.matchAll(/generalist ([\d.]+), mixture ([\d.]+)\n.*specialist was trusted ([\d.]+)/g)];
  assert.is(found.length, 3);
  const mean = (group: number): number => found.reduce((sum, match) => sum + Number(match[group]), 0) / found.length;
  assert.ok(mean(2) > mean(1), `generalist ${mean(1)}, mixture ${mean(2)}`);
  assert.ok(found.every(([, , , trust]) => Number(trust) >= 0 && Number(trust) <= 1));
});

test("node: a server personalises once, answers, and answers the same after a restart", async () => {
  const folder = await mkdtemp(join(tmpdir(), "moiety-example-"));
  const ask = async (): Promise<{ said: string; answer: unknown }> => {
    const words = [...node("node/server.ts"), "0", join(folder, "mixture.safetensors")];
    const server = spawn(process.execPath, words, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
    try {
      let said = "";
      let url: string | undefined;
      for await (const text of server.stdout) {
        said += String(text);
        url = /http:\S+/.exec(said)?.[0];
        if (url) break;
      }
      assert.ok(url, `no address in ${said}`);
      return { said, answer: await (await fetch(`${url}?temperature=0.8&vibration=-0.6`)).json() };
    } finally {
      server.kill();
    }
  };
  try {
    const [first, second] = [await ask(), await ask()];
    const [, generalist, mixture] = /generalist ([\d.]+), mixture ([\d.]+)/.exec(first.said)!;
    assert.ok(Number(mixture) > Number(generalist));
    assert.not.match(second.said, /mixture:/);
    assert.equal(second.answer, first.answer);
    assert.ok(["idle", "working", "jammed"].includes((first.answer as { state: string }).state));
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("browser: the readings are those that make.ts writes", async () => {
  const made = `${JSON.stringify({ own: readings(5), unseen: readings(5, 400) })}\n`;
  assert.is(await readFile(join(root, "examples/browser/readings.json"), "utf8"), made);
});

test("deno: a table becomes a federation of four clients", async () => {
  const { stdout } = await table;
  assert.match(stdout, /288 training rows of 2 numbers; classes idle, jammed, working/);
  assert.is(stdout.match(/client \d: generalist [\d.]+, mixture [\d.]+/g)?.length, 4);
});

test.run();
