// Federations of 10 to 10,000 clients: what a client costs in a round, and what it holds between rounds.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Line } from "../line.ts";
import type { Simulated } from "../simulation.ts";
import { median } from "../statistics.ts";
import type { Suite } from "../suite.ts";

const sizes = [10, 100, 1000, 10_000] as const;
const TIMES = 3;
const script = fileURLToPath(new URL("../simulation.ts", import.meta.url));

function simulate(clients: number): Simulated {
  const args = [...process.execArgv, "--expose-gc", script, String(clients)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }));
}

async function* measure(wanted: (name: string) => boolean): AsyncGenerator<Omit<Line, "suite" | "runtime" | "build">> {
  const chosen = sizes.filter((clients) => wanted(`${clients} clients`));
  const found = new Map(chosen.map((clients) => [clients, [] as Simulated[]]));
  // in turns, so that all sizes see the same machine
  for (let time = 0; time < TIMES; time++) for (const clients of chosen) found.get(clients)!.push(simulate(clients));
  const middle = (clients: number, figure: keyof Simulated): number =>
    median(found.get(clients as (typeof sizes)[number])!.map((one) => one[figure]));
  for (const clients of chosen) {
    const ms = middle(clients, "ms");
    const least = chosen[0]!;
    // what is there once, whatever the number of clients, drops out of the difference
    const each = (figure: "held" | "peak"): number =>
      (middle(clients, figure) - middle(least, figure)) / (clients - least);
    yield {
      name: `${clients} clients`,
      ms,
      also: {
        "clients/s": 1000 / ms,
        ...(found.has(100) && { "x 100 clients": middle(clients, "cpuMs") / middle(100, "cpuMs") }),
        ...(clients > 100 && { "bytes/client": each("held"), "bytes/client in a round": each("peak") }),
      },
    };
  }
}

export const round: Suite = {
  name: "round",
  about:
    "time per client and round when all clients train (LeNet-Fashion, 10 rows, one epoch), as processor time against 100 " +
    "clients, and bytes a client holds beyond the dataset",
  cases: [],
  measure,
};
