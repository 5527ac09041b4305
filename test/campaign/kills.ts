// kill -9 at random instants of a run and of a sweep: gone on with as often as it takes, they leave what they would have left.
import { key, Stream } from "../../src/runtime/random.ts";
import type { Batch, Kind, Part } from "./kind.ts";
import { differs, Program, reference, Trial, unclearEnd, wholeRecords } from "./programs.ts";

/** Kills before a run may come to its end. */
const KILLS = 8;

async function killed(kind: "run" | "sweep", seed: number, mark: (index: number) => void): Promise<Batch> {
  const { records, milliseconds } = await reference(kind);
  const stream = new Stream(key(seed));
  const trial = new Trial();
  const out = trial.at("out");
  const instants: number[] = [];
  const told = (what: string): Batch => ({
    cases: instants.length,
    findings: [{ what, example: `killed after ${instants.join(", ") || "no"} ms` }],
  });
  try {
    for (;;) {
      mark(instants.length);
      const program = new Program(trial[kind](out));
      const last = instants.length >= KILLS;
      const instant = Math.round(50 + stream.uniform() * milliseconds);
      const ending = await (last ? program.ended : program.killedAfter(instant));
      if (ending.code === null && !last) {
        instants.push(instant);
        continue;
      }
      if (ending.code !== 0)
        return told(unclearEnd(ending) ?? `gone on with, it ended with ${ending.code}: ${ending.said.slice(-300)}`);
      const file = differs(wholeRecords(out), records);
      if (file !== undefined) return told(`${file} is not what an undisturbed ${kind} leaves`);
      return { cases: instants.length, findings: [] };
    }
  } finally {
    trial.dispose();
  }
}

const part = (kind: "run" | "sweep"): Part => ({ name: kind, batch: (seed, mark) => killed(kind, seed, mark) });

export const kills: Kind = {
  name: "kills",
  cases: "kills",
  share: 4,
  limitSeconds: 240,
  parts: [part("run"), part("sweep")],
};
