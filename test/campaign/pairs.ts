// Two at once in one folder: one of them does its work as if it were alone, the other is told in one line that it may not.
import { setTimeout as wait } from "node:timers/promises";
import { key, Stream } from "../../src/runtime/random.ts";
import type { Batch, Kind, Part } from "./kind.ts";
import { differs, type Ending, Program, reference, Trial, unclearEnd, wholeRecords } from "./programs.ts";

function judge(endings: readonly Ending[], late: boolean): string | undefined {
  for (const ending of endings) {
    const wrong = unclearEnd(ending);
    if (wrong !== undefined) return wrong;
  }
  const well = endings.filter(({ code }) => code === 0).length;
  if (well === 0) return `both were refused: ${endings.map(({ said }) => said.trim().split("\n").at(-1)).join(" | ")}`;
  // who comes when all is done has nothing to do, and does that well
  if (well === 2 && !late) return "both went on, in one folder";
  return undefined;
}

const part = (kind: "run" | "sweep"): Part => ({
  name: kind,
  batch: async (seed): Promise<Batch> => {
    const { records, milliseconds } = await reference(kind);
    const stream = new Stream(key(seed));
    const trial = new Trial();
    const out = trial.at("out");
    const delay = stream.below(3) === 0 ? 0 : Math.round(stream.uniform() * milliseconds);
    const told = (what: string): Batch => ({
      cases: 1,
      findings: [{ what, example: `the second began ${delay} ms later` }],
    });
    try {
      const first = new Program(trial[kind](out));
      await wait(delay);
      let over = false;
      void first.ended.then(() => (over = true));
      const second = new Program(trial[kind](out));
      const endings = await Promise.all([first.ended, second.ended]);
      const wrong = judge(endings, over || delay > milliseconds / 2);
      if (wrong !== undefined) return told(wrong);
      const file = differs(wholeRecords(out), records);
      return file === undefined ? { cases: 1, findings: [] } : told(`${file} is not what one ${kind} alone leaves`);
    } finally {
      trial.dispose();
    }
  },
});

export const pairs: Kind = {
  name: "pairs",
  cases: "pairs",
  share: 1,
  limitSeconds: 240,
  parts: [part("run"), part("sweep")],
};
