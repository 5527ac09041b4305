// The soak: a federation of many nodes on a real SuperLink for as long as it is given, while nodes, the relay, the process with the
// rounds and the SuperLink are killed at random and started again. At the end nothing may be lost: the numbers are those of a run
// in one process, and no process has grown. Not part of npm test; Linux, for /proc.
//
//   npm run test:soak -- [--minutes N] [--nodes N] [--seed S]
//
// --minutes N   how long it goes on, 60 unless said
// --nodes N     how many nodes, 200 unless said: four by `moiety join`, the others 14 to a process
// --seed S      of the data, the weights, and of who is killed when
//
// Everything it leaves is below build/soak/. Ctrl-C ends it early, with what can be said by then.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { fold, key, Stream } from "../../src/runtime/random.ts";
import { flowerEnvironment } from "../flower/support/python.ts";
import { SuperLink } from "../flower/support/superlink.ts";
import { writeExperiment } from "./experiment.ts";
import { Memory } from "./memory.ts";
import { report } from "./report.ts";
import { compareWithStraight } from "./straight.ts";
import { type Fate, haunt, Service } from "./victims.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const program = here("../../scripts/moiety.mjs");
const ALONE = 4;
const TOGETHER = 14;
/** Minutes without a round after which the federation hangs. */
const PATIENCE_MINUTES = 8;

function numberOf(flag: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!Number.isFinite(value) || value <= 0)
    throw new RangeError(`soak: --${flag}, got ${text}, expected a number above 0`);
  return value;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { minutes: { type: "string" }, nodes: { type: "string" }, seed: { type: "string" } },
  });
  const minutes = numberOf("minutes", values.minutes, 60);
  const clients = numberOf("nodes", values.nodes, 200);
  const seed = numberOf("seed", values.seed, 1);
  const environment = flowerEnvironment();
  if ("missing" in environment) return console.log(`skipped: ${environment.missing}`);
  const folder = here("../../build/soak");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(`${folder}/superlink`, { recursive: true });
  const config = writeExperiment(folder, { clients, seed });
  const findings: string[] = [];
  const say = (line: string): void => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);
  const find = (what: string): void => {
    findings.push(what);
    say(`FINDING ${what}`);
  };
  say(`${clients} nodes, ${minutes} minutes, seed ${seed}`);

  // the first use compiles what is stale; several at once would compile it several times
  if (spawnSync(process.execPath, [program, "presets"]).status !== 0) throw new Error("soak: moiety does not start");
  const link = await SuperLink.start({
    folder: `${folder}/superlink`,
    bin: environment.bin,
    database: `${folder}/superlink/state.db`,
  });
  const at = ["--config", config, "--out"];
  const rounds = new Service(
    "rounds",
    (again) =>
      [
        program,
        "flower",
        "relay",
        ...at,
        `${folder}/federation`,
        "--port",
        `${link.port}`,
        "--bin",
        environment.bin,
      ].concat(again ? ["--resume"] : []),
    `${folder}/rounds.log`,
    find,
  );
  const nodes: Service[] = [];
  for (let first = 0; first < clients;) {
    const count = first < ALONE ? 1 : Math.min(TOGETHER, clients - first);
    const [client, log] = [first, `${folder}/nodes-${first}.log`];
    const words =
      first < ALONE
        ? [
            program,
            "join",
            link.address,
            ...at,
            `${folder}/client-${client}`,
            "--client",
            `${client}`,
            "--heartbeat",
            "20",
          ]
        : ["--import", "tsx", here("nodes.ts"), config, link.address, folder, `${client}`, `${count}`];
    nodes.push(new Service(first < ALONE ? "join" : "nodes", () => words, log, find));
    first += count;
  }
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stop.abort());
  const memory = new Memory();
  const look = async (): Promise<void> =>
    memory.sample([
      ...[rounds, ...nodes].flatMap(({ kind, pid }) => (pid === undefined ? [] : [{ kind, pid }])),
      ...(link.pid === undefined ? [] : [{ kind: "superlink", pid: link.pid }]),
      ...(await link.apps()).map((pid) => ({ kind: "relay", pid })),
    ]);
  await rounds.restart();
  for (const one of nodes) {
    await one.restart();
    await sleep(500);
  }
  const done = (): number => {
    const file = `${folder}/federation/rounds/metrics.jsonl`;
    return existsSync(file) ? readFileSync(file, "utf8").split("\n").length - 1 : 0;
  };
  const roundsBy = async (wanted: number, limit: number): Promise<boolean> => {
    const until = performance.now() + limit * 60_000;
    while (done() < wanted && performance.now() < until) await sleep(1000);
    return done() >= wanted;
  };
  try {
    if (!(await roundsBy(1, PATIENCE_MINUTES))) find(`no round after ${PATIENCE_MINUTES} minutes`);
    say("the first round is done; killing begins");

    const root = fold(key(seed), "soak", "fate");
    // every fifth process of nodes lives through, so that an hour's memory can be seen
    const mortal = nodes.filter((_, i) => i % 5 !== 4);
    const superlink = {
      kill: async () => {
        if (link.pid === undefined) return false;
        await link.stop("SIGKILL");
        return true;
      },
      restart: () => link.restart(),
    };
    const app = {
      kill: async () => {
        if ((await link.apps()).length === 0) return false;
        await link.killApps();
        return true;
      },
      // the rounds have another one started
      restart: async () => {},
    };
    // of a short soak each has its turn, too
    const often = (seconds: number): number => Math.min(seconds, (seconds * minutes) / 30);
    const fates: Omit<Fate, "stream">[] = [
      { name: "nodes", victims: mortal, every: often(60), pause: 15 },
      { name: "relay", victims: [app], every: often(300), pause: 0 },
      { name: "rounds", victims: [rounds], every: often(400), pause: 15 },
      { name: "superlink", victims: [superlink], every: often(500), pause: 15 },
    ];
    const kills = new Map<string, number>(fates.map(({ name }) => [name, 0]));
    const haunting = new AbortController();
    const haunts = fates.map((fate) =>
      haunt({ ...fate, stream: new Stream(fold(root, fate.name)) }, haunting.signal, () => {
        kills.set(fate.name, kills.get(fate.name)! + 1);
        say(`killed ${fate.name}; ${done()} rounds`);
      }),
    );
    const end = performance.now() + minutes * 60_000;
    let [last, since] = [done(), performance.now()];
    while (performance.now() < end && !stop.signal.aborted) {
      await look();
      if (done() > last) [last, since] = [done(), performance.now()];
      if (performance.now() - since > PATIENCE_MINUTES * 60_000) {
        find(`no round in ${PATIENCE_MINUTES} minutes, after ${last}`);
        break;
      }
      await sleep(10_000, undefined, { signal: stop.signal }).catch((error: unknown) => {
        if (!stop.signal.aborted) throw error;
      });
    }
    haunting.abort();
    await Promise.all(haunts);
    say(`no more kills; ${done()} rounds`);
    if (!(await roundsBy(done() + 2, PATIENCE_MINUTES))) find("no more rounds after the last kill");
    await look();

    const ended = await rounds.end("SIGINT", 120);
    if (ended !== 130) find(`the rounds ended with ${ended}, expected 130`);
    const codes = await Promise.all(nodes.map((one) => one.end(one.kind === "join" ? "SIGINT" : "SIGTERM", 120)));
    for (const [i, code] of codes.entries())
      if (code !== (nodes[i]!.kind === "join" ? 130 : 0)) find(`${nodes[i]!.kind} ${i} ended with ${code}`);
    report({ kills, memory, comparison: await compareWithStraight(folder, clients), findings, minutes, say });
  } finally {
    await Promise.all([rounds, ...nodes].map((one) => one.end("SIGKILL")));
    await link.stop("SIGKILL");
  }
  process.exitCode = findings.length > 0 ? 1 : 0;
}

await main();
