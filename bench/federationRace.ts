// One federation, several who simulate it: their steps and losses are compared first, then they are timed in turns.
import { draw } from "../src/federated/cohort.ts";
import { fold, key } from "../src/runtime/random.ts";
import type { Entrant, FederationReply, FederationRequest } from "./federationPeers.ts";
import { median } from "./statistics.ts";

export interface FederationRaceOptions {
  /** A folder with a task of so many clients. */
  readonly folder: string;
  readonly clients: number;
  /** How many of them train in a round, and in a round that is compared. */
  readonly cohort: number;
  readonly checked: number;
  readonly turns: number;
  /** Whoever has been timed for so long takes no further turn. */
  readonly seconds: number;
}

/** What one entrant did. */
export interface FederationFinish {
  readonly entrant: Entrant;
  readonly error?: string;
  /** Of the compared rounds. */
  readonly losses: readonly number[];
  readonly steps: number;
  /** Median seconds of a round, turn by turn. */
  readonly turns: readonly number[];
}

const CHECKED_ROUNDS = 3;
const TOLERANCE = 5e-3;
// a turn is about as long, and no longer than so many rounds
const TURN_SECONDS = 0.5;
const MOST_ROUNDS = 20;
// before that everybody is warm: each of two workers' threads compiles for itself, beside its training, and has half of the turns
const WARM_SECONDS = 2;

const root = key(1);

/** The cohorts that moiety draws in a turn. */
export function cohortsOf(clients: number, cohort: number, turn: number, rounds: number): number[][] {
  const all = Array.from({ length: clients }, (_, client) => client);
  return Array.from({ length: rounds }, (_, round) => draw(all, cohort, fold(fold(root, turn), "cohort", round)));
}

/** Races entrants over a task; the first one's steps and losses are the reference. */
export async function raceFederations(
  entrants: readonly Entrant[],
  { folder, clients, cohort, checked, turns, seconds }: FederationRaceOptions,
): Promise<FederationFinish[]> {
  const errors = new Map<Entrant, string>();
  const compared = new Map<Entrant, FederationReply>();
  const taken = new Map<Entrant, number[]>(entrants.map((entrant) => [entrant, []]));
  const ask = async (entrant: Entrant, request: FederationRequest): Promise<FederationReply> => {
    if (errors.has(entrant)) return {};
    const reply = await entrant.ask(request);
    if (reply.error !== undefined) errors.set(entrant, reply.error);
    return reply;
  };
  // the first round is nobody's measure: pools are started in it, and pfl evaluates
  const timed = async (entrant: Entrant, turn: number, rounds: number): Promise<number | undefined> => {
    const cohorts = cohortsOf(clients, cohort, turn, rounds + 1);
    const { seconds: took } = await ask(entrant, { do: "rounds", turn, cohorts, plain: false });
    return took && median(took.slice(1));
  };

  const same = Array.from({ length: checked }, (_, client) => client);
  const plain = { do: "rounds", turn: 0, cohorts: Array.from({ length: CHECKED_ROUNDS }, () => same), plain: true } as const; // prettier-ignore
  const rounds = new Map<Entrant, number>();
  const spent = new Map<Entrant, number>();
  for (const entrant of entrants) {
    await ask(entrant, { do: "prepare", folder, workers: entrant.workers });
    const reply = await ask(entrant, plain);
    compared.set(entrant, reply);
    const wrong = !errors.has(entrant) && difference(compared.get(entrants[0]!)!, reply);
    if (wrong) errors.set(entrant, `wrong result: ${wrong}`);
    for (let warmed = 0; warmed < WARM_SECONDS;) {
      const now = rounds.get(entrant) ?? 1;
      const one = await timed(entrant, 0, now);
      if (!one) break;
      warmed += now * one;
      rounds.set(entrant, Math.min(MOST_ROUNDS, Math.max(1, Math.round(TURN_SECONDS / one))));
      // and whose one round takes longer than all its turns may has had them
      if (one > seconds) {
        taken.get(entrant)!.push(one);
        spent.set(entrant, Infinity);
      }
    }
  }
  for (let turn = 1; turn <= turns; turn++) {
    // nobody always goes first
    const first = turn % entrants.length;
    for (const entrant of [...entrants.slice(first), ...entrants.slice(0, first)]) {
      const before = spent.get(entrant) ?? 0;
      if (before > seconds) continue;
      const began = performance.now();
      const took = await timed(entrant, turn, rounds.get(entrant) ?? 1);
      spent.set(entrant, before + (performance.now() - began) / 1000);
      if (took) taken.get(entrant)!.push(took);
    }
  }
  return entrants.map((entrant) => {
    const error = errors.get(entrant);
    const { losses = [], steps = 0 } = compared.get(entrant)!;
    return { entrant, ...(error !== undefined && { error }), losses, steps, turns: taken.get(entrant)! };
  });
}

/** Why two did not do the same work, or null: other numbers of steps, a loss that does not fall, or one 0.5 % elsewhere. */
export function difference(expected: FederationReply, got: FederationReply): string | null {
  if (got.steps !== expected.steps) return `${got.steps} steps, expected ${expected.steps}`;
  const [losses, like] = [got.losses ?? [], expected.losses ?? []];
  if (losses.length !== like.length) return `losses of ${losses.length} rounds, expected ${like.length}`;
  if (!(losses.at(-1)! < losses[0]!)) return `a loss from ${losses[0]} to ${losses.at(-1)}, expected it to fall`;
  const other = losses.findIndex((loss, i) => !(Math.abs(loss - like[i]!) <= TOLERANCE * like[i]!));
  return other < 0 ? null : `a loss of ${losses[other]} in round ${other}, expected ${like[other]}`;
}
