// One case, several runners: checked against the first one's numbers, then timed in turns, so that whatever the machine
// does meanwhile it does to all of them.
import type { Reply, Request } from "./protocol.ts";
import { median, type Modes, modes } from "./statistics.ts";
import type { Case } from "./suite.ts";

/** One who can be asked to prepare a case and to be timed on it. */
export interface Racer {
  readonly name: string;
  ask(request: Request): Promise<Reply>;
}

export interface RaceOptions {
  readonly rounds: number;
  /** Length of a runner's turn. */
  readonly milliseconds: number;
  /** No new round begins after so long, except up to three. */
  readonly seconds: number;
}

/** What one runner did. */
export interface Finish {
  readonly runner: string;
  readonly error?: string;
  /** Median milliseconds per call over all rounds. */
  readonly ms: number;
  /** One median per round. */
  readonly rounds: readonly number[];
  readonly modes: Modes | null;
}

const LEAST_ROUNDS = 3;
const TOLERANCE = 2e-3;

/** Races runners over a case of a suite, in the order given. The first one's result is the reference. */
export async function race(
  suite: string,
  { name, task }: Case,
  runners: readonly Racer[],
  { rounds, milliseconds, seconds }: RaceOptions,
): Promise<Finish[]> {
  const errors = new Map<Racer, string>();
  const samples = new Map<Racer, number[][]>(runners.map((runner) => [runner, []]));
  const ask = async (runner: Racer, request: Request): Promise<Reply> => {
    if (errors.has(runner)) return {};
    const reply = await runner.ask(request);
    if (reply.error !== undefined) errors.set(runner, reply.error);
    return reply;
  };

  for (const runner of runners) await ask(runner, { do: "prepare", suite, name, task });
  const [first] = runners;
  const { check: expected } = await ask(first!, { do: "check" });
  // the reference may have nothing to compare: what dropout leaves is everybody's own
  for (const runner of expected ? runners.slice(1) : []) {
    const { check } = await ask(runner, { do: "check" });
    const wrong = check && difference(expected!, check);
    if (wrong) errors.set(runner, `wrong result: ${wrong}`);
  }
  for (const runner of runners) await ask(runner, { do: "warm" });

  const began = performance.now();
  for (let round = 0; round < rounds; round++) {
    if (round >= LEAST_ROUNDS && performance.now() - began > seconds * 1000) break;
    // nobody always goes first
    const turn = round % runners.length;
    for (const runner of [...runners.slice(turn), ...runners.slice(0, turn)]) {
      const reply = await ask(runner, { do: "burst", milliseconds });
      if (reply.samples) samples.get(runner)!.push([...reply.samples]);
    }
  }
  return runners.map((runner) => {
    const bursts = samples.get(runner)!;
    const error = errors.get(runner);
    return {
      runner: runner.name,
      ...(error !== undefined && { error }),
      ms: median(bursts.flat()),
      rounds: bursts.map(median),
      modes: modes(bursts.flat()),
    };
  });
}

/** Why two results are not the same, or null. Elements may differ by 0.2 % of the reference's root mean square. */
export function difference(expected: readonly number[], got: readonly number[]): string | null {
  if (expected.length !== got.length) return `${got.length} numbers, expected ${expected.length}`;
  const scale = Math.sqrt(expected.reduce((sum, x) => sum + x * x, 0) / Math.max(1, expected.length));
  for (let i = 0; i < expected.length; i++)
    if (!(Math.abs(expected[i]! - got[i]!) <= TOLERANCE * Math.max(scale, 1e-30)))
      return `${got[i]} at ${i}, expected ${expected[i]}`;
  return null;
}

/** How many times as long `other` took as `reference`: the median over rounds, each of which saw one state of the machine. */
export function ratio(other: Finish, reference: Finish): number {
  const count = Math.min(other.rounds.length, reference.rounds.length);
  return median(Array.from({ length: count }, (_, i) => other.rounds[i]! / reference.rounds[i]!));
}
