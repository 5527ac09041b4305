// The bench: npm run bench -- <suite>... [--json] [--peers] [--compare <ref>]
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import type { Line } from "./line.ts";
import { machine, machineLine, runtime } from "./machine.ts";
import { Runner } from "./protocol.ts";
import { type Finish, race, type RaceOptions, ratio } from "./race.ts";
import { median } from "./statistics.ts";
import type { Case, Suite } from "./suite.ts";
import { suites } from "./suites/index.ts";
import { textLine } from "./table.ts";

const PEAK_FLOPS = 224 * 10_000;

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    peers: { type: "boolean", default: false },
    compare: { type: "string" },
    filter: { type: "string", default: "" },
    rounds: { type: "string", default: "12" },
  },
});

const options: RaceOptions = { rounds: Number(flags.rounds), milliseconds: 12, seconds: 10 };
const path = fileURLToPath(new URL("runner.ts", import.meta.url));

function own(name: string, ...args: string[]): Runner {
  return new Runner(name, process.execPath, [...process.execArgv, path, ...args]);
}

function lineOf(suite: Suite, one: Case, finish: Finish, ours: Finish, peak: Finish): Line {
  const common = { suite: suite.name, name: one.name, runtime: runtime(), build: "plain" };
  const peer = finish === ours ? {} : { peer: finish.runner };
  if (finish.error !== undefined) return { ...common, ms: null, ...peer, error: finish.error };
  const rate = one.flops === undefined ? {} : { gflops: one.flops / finish.ms / 1e6 };
  const ofPeak =
    one.flops === undefined
      ? {}
      : { ofPeak: median(finish.rounds.map((ms, i) => (one.flops! / ms) * (peak.rounds[i]! / PEAK_FLOPS))) };
  return {
    ...common,
    ms: finish.ms,
    ...rate,
    ...ofPeak,
    ...peer,
    ...(finish !== ours && !ours.error && { ratio: ratio(finish, ours) }),
    ...(finish.modes && { bimodal: finish.modes }),
  };
}

const wanted = positionals.includes("all") ? suites : suites.filter(({ name }) => positionals.includes(name));
console.log(machineLine(machine()));
for (const suite of wanted) {
  const runners = [own("moiety"), own("peak", "--peak")];
  try {
    for (const one of suite.cases.filter(({ name }) => name.includes(flags.filter))) {
      const finishes = await race(suite.name, one, runners, options);
      const [ours, peak] = finishes as [Finish, Finish];
      for (const finish of finishes)
        if (finish !== peak) {
          const line = lineOf(suite, one, finish, ours, peak);
          console.log(flags.json ? JSON.stringify(line) : textLine(line));
        }
    }
  } finally {
    await Promise.all(runners.map((runner) => runner.close()));
  }
}
