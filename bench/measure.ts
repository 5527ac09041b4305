// A suite measured: our process, the machine's peak and the peers take turns on every case, and every finish is a line.
import { fileURLToPath } from "node:url";
import type { Line } from "./line.ts";
import { runtime } from "./machine.ts";
import type { Contender } from "./peers.ts";
import { Runner } from "./protocol.ts";
import { type Finish, race, type RaceOptions, ratio } from "./race.ts";
import { median } from "./statistics.ts";
import type { Case, Suite } from "./suite.ts";
import { PEAK_FLOPS } from "./peak.ts";

export interface MeasureOptions extends RaceOptions {
  readonly peers: readonly Contender[];
  /** Which cases, by name. */
  readonly only: (name: string) => boolean;
  readonly build: string;
}

/** Our own process, of this checkout or of the one at `root`. */
export function own(name: string, args: readonly string[] = [], root?: string): Runner {
  const path = root ? `${root}/bench/runner.ts` : fileURLToPath(new URL("runner.ts", import.meta.url));
  return new Runner(name, process.execPath, [...process.execArgv, path, ...args], root ? { cwd: root } : {});
}

/** Measures the cases of a suite one after another. */
export async function* measure(suite: Suite, options: MeasureOptions): AsyncGenerator<Line> {
  if (suite.measure) {
    const common = { suite: suite.name, runtime: runtime(), build: options.build };
    for await (const found of suite.measure(options.only)) yield { ...common, ...found };
    return;
  }
  const ours = own("moiety", ["--build", options.build]);
  const peak = own("peak", ["--peak", "--build", options.build]);
  try {
    for (const one of suite.cases.filter(({ name }) => options.only(name))) {
      const peers = options.peers.filter(({ takes }) => takes(one.task, suite.name)).map(({ runner }) => runner);
      const runners = [ours, ...(one.flops === undefined ? [] : [peak]), ...peers];
      const finishes = await race(suite.name, one, runners, options);
      const [first] = finishes as [Finish];
      const limit = finishes.find(({ runner }) => runner === peak.name);
      for (const finish of finishes)
        if (finish !== limit)
          yield { ...line(one, finish, first, limit), suite: suite.name, runtime: runtime(), build: options.build };
    }
  } finally {
    await Promise.all([ours.close(), peak.close()]);
  }
}

function line(
  { name, flops }: Case,
  finish: Finish,
  ours: Finish,
  peak: Finish | undefined,
): Omit<Line, "suite" | "runtime" | "build"> {
  const peer = finish === ours ? {} : { peer: finish.runner };
  if (finish.error !== undefined) return { name, ms: null, ...peer, error: finish.error };
  const limited =
    flops !== undefined && peak && !peak.error
      ? { ofPeak: median(finish.rounds.map((ms, i) => (flops / ms) * (peak.rounds[i]! / PEAK_FLOPS))) }
      : {};
  return {
    name,
    ms: finish.ms,
    ...(flops !== undefined && { gflops: flops / finish.ms / 1e6 }),
    ...limited,
    ...peer,
    ...(finish !== ours && !ours.error && { ratio: ratio(finish, ours) }),
    ...(finish.modes && { bimodal: finish.modes }),
  };
}
