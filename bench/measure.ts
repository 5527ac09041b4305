// A suite measured: our process, the machine's peak and the peers take turns on every case, and every finish is a line.
import { fileURLToPath } from "node:url";
import { runnerArguments } from "./builds.ts";
import type { Line } from "./line.ts";
import { runtime } from "./machine.ts";
import type { Contender } from "./peers.ts";
import { Runner, Server } from "./protocol.ts";
import { type Finish, race, type RaceOptions, ratio } from "./race.ts";
import { median } from "./statistics.ts";
import type { Case, Suite } from "./suite.ts";
import { PEAK_FLOPS } from "./peak.ts";

export interface MeasureOptions extends RaceOptions {
  readonly peers: readonly Contender[];
  /** Which cases, by name. */
  readonly only: (name: string) => boolean;
  readonly build: string;
  /** Another build to measure beside this one. */
  readonly beside?: string | undefined;
  /** Whether a suite that has peers of its own is to race them. */
  readonly raced: boolean;
  /** Also run the kernel calls of every case without the library around them. */
  readonly bare: boolean;
}

/** A process of ours: this checkout's, or the one whose runner is at `path`. */
export function own(path: string = here, args: readonly string[] = []): Server {
  return new Server(process.execPath, [...process.execArgv, path, ...args]);
}

const here = fileURLToPath(new URL("runner.ts", import.meta.url));

/** Measures the cases of a suite one after another. */
export async function* measure(suite: Suite, options: MeasureOptions): AsyncGenerator<Line> {
  const { build, only } = options;
  const common = { suite: suite.name, runtime: runtime(), build };
  if (suite.measure) {
    for await (const found of suite.measure(only, { beside: options.raced, rounds: options.rounds }))
      yield { ...common, ...found };
    return;
  }
  const server = own(here, runnerArguments(build));
  const other = options.beside === undefined ? undefined : own(here, runnerArguments(options.beside));
  const beside = other ? [new Runner(`${options.beside} build`, other)] : [];
  const ours = new Runner("moiety", server);
  const peak = new Runner("peak", server, "peak");
  const bare = new Runner("bare kernels", server, "bare");
  try {
    for (const one of suite.cases.filter(({ name }) => only(name))) {
      const peers = options.peers.filter(({ takes }) => takes(one.task, suite.name)).map((peer) => peer.runner());
      const runners = [
        ours,
        ...(one.flops === undefined ? [] : [peak]),
        ...(options.bare && !one.direct ? [bare] : []),
        ...beside,
        ...peers,
      ];
      const finishes = await race(suite.name, one, runners, options);
      const [first] = finishes as [Finish];
      const limit = finishes.find(({ runner }) => runner === peak.name);
      for (const finish of finishes) if (finish !== limit) yield { ...common, ...line(one, finish, first, limit) };
    }
  } finally {
    await Promise.all([server.close(), other?.close()]);
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
