// How many single requests a second a server answers: the server of examples/recipes/requests.ts in a process of its own, asked by this one
// over connections that stay open.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { fileURLToPath } from "node:url";
import type { Line } from "../line.ts";
import type { Suite } from "../suite.ts";

const REQUESTS = 10_000;
const WARM = 1_000;

type Found = Omit<Line, "suite" | "runtime" | "build">;

/** The recipe without what asks in it. */
function server(): string {
  const recipe = readFileSync(new URL("../../examples/recipes/requests.ts", import.meta.url), "utf8");
  const end = recipe.indexOf("const { port }");
  if (end < 0) throw new Error("serve: got a recipe without its port, expected the server's lines in front of it");
  return `${recipe.slice(0, end)}\nserver.on("listening", () => console.log((server.address() as AddressInfo).port));\n`;
}

async function asked(port: number, connections: number, count: number): Promise<{ seconds: number; times: number[] }> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const times: number[] = [];
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const from = performance.now();
      get({ port, agent, path: "/?x=0.1,1,0,-1" }, (reply) => {
        if (reply.statusCode !== 200) return reject(new Error(`serve: got status ${reply.statusCode}, expected 200`));
        reply.resume().on("end", () => {
          times.push(performance.now() - from);
          resolve();
        });
      }).on("error", reject);
    });
  let left = count;
  const began = performance.now();
  const connection = async (): Promise<void> => {
    while (left-- > 0) await one();
  };
  await Promise.all(Array.from({ length: connections }, connection));
  const seconds = (performance.now() - began) / 1000;
  agent.destroy();
  return { seconds, times: times.toSorted((a, b) => a - b) };
}

async function* measure(wanted: (name: string) => boolean): AsyncGenerator<Found> {
  // beside the recipe, so that its imports are found
  const script = fileURLToPath(new URL("../../build/serve.ts", import.meta.url));
  writeFileSync(script, server());
  const child = spawn(process.execPath, ["--import", "tsx", script], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [said] = (await once(child.stdout, "data")) as [Buffer];
    const port = Number(said.toString());
    await asked(port, 16, WARM);
    for (const connections of [1, 16, 64]) {
      const name = `${connections} connection${connections > 1 ? "s" : ""}`;
      if (!wanted(name)) continue;
      const { seconds, times } = await asked(port, connections, REQUESTS);
      const at = (share: number): number => times[Math.floor(share * (times.length - 1))]!;
      const also = { "requests a second": Math.round(REQUESTS / seconds), "median ms": at(0.5), "p99 ms": at(0.99) };
      yield { name, ms: (1000 * seconds) / REQUESTS, also };
    }
  } finally {
    child.kill();
    rmSync(script, { force: true });
  }
}

export const serve: Suite = {
  name: "serve",
  about: "single requests to the server of the recipe, in a process of its own, over connections that stay open",
  cases: [],
  measure,
};
