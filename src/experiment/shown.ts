// What a round's noise costs is charged by the checkpoint at the round's end. Clients that validate see the noisy model before
// that; where the process with the rounds is killed in between, the round is made again with other noise, and they see the
// same sums twice. So that a round is shown is written down before it is, and what was shown in vain is charged all the same.
import type { Rejection } from "../federated/admission.ts";
import { Around } from "../federated/hosts/around.ts";
import type { Host, Order } from "../federated/hosts/host.ts";
import type { Evaluation } from "../federated/method.ts";
import { chargedFor } from "../federated/privacy/central.ts";
import { firstState } from "../federated/roundsState.ts";
import { ConfigError } from "./config.ts";
import type { Begun } from "./begun.ts";
import { initialOf } from "./federations.ts";
import { mostRounds } from "./privacy.ts";
import { readJson } from "./checked.ts";
import type { RunStore } from "./store.ts";

/** The round that was shown last, and how often. */
interface Shown {
  readonly round: number;
  readonly times: number;
}

const fileOf = (federation: string): string => `shown/${federation}.json`;

async function shownIn(store: RunStore, federation: string): Promise<Shown | undefined> {
  const name = fileOf(federation);
  const bytes = await store.read(name);
  if (!bytes) return undefined;
  const { round, times } = readJson(bytes, `resume: ${name}`) as Record<keyof Shown, unknown>;
  if (Number.isSafeInteger(round) && Number.isSafeInteger(times)) return { round, times } as Shown;
  throw new ConfigError(
    `resume: ${name}, got no round and how often it was shown; restore it, it cannot be counted again`,
  );
}

/**
 * Federations' progress, charged for what was shown of rounds that are to be made again. One that has nothing left for another
 * round is over; a ConfigError where it has had none.
 */
export async function charged(
  store: RunStore,
  { setup, plans, before }: Pick<Begun, "setup" | "plans" | "before">,
  resume = false,
): Promise<Begun["before"]> {
  const found = new Map(before);
  for (const { federation, server } of plans) {
    const { name } = federation;
    if (!resume) await store.remove(fileOf(name));
    const shown = await shownIn(store, name);
    const { state, seconds } = before.get(name) ?? {
      state: firstState(server, initialOf(setup, federation)),
      seconds: 0,
    };
    if (state.done || shown?.round !== state.round) continue;
    const now = chargedFor(state.now, shown.times);
    const isOver = state.round >= mostRounds(setup, name, { ...state, now });
    if (isOver && state.bestRound < 0)
      throw new ConfigError(
        `federation.privacy: ${name}, got its first round shown ${shown.times} times, which spent all there is; begin another federation`,
      );
    found.set(name, { state: { ...state, now, done: isOver }, seconds });
  }
  return found;
}

/** A host that shows a model of a round to nobody before that is written down. */
export class Shows extends Around {
  readonly #store: RunStore;
  readonly #federation: string;
  #round = -1;

  constructor(host: Host, store: RunStore, federation: string) {
    super(host);
    this.#store = store;
    this.#federation = federation;
  }

  // what training begins with is of the round before, and its checkpoint is written
  override async evaluate(orders: readonly Order[], round: number): Promise<(Evaluation | Rejection)[]> {
    if (round !== this.#round) {
      const before = await shownIn(this.#store, this.#federation);
      const times = before?.round === round ? before.times + 1 : 1;
      await this.#store.write(fileOf(this.#federation), `${JSON.stringify({ round, times })}\n`);
      this.#round = round;
    }
    return super.evaluate(orders, round);
  }
}
