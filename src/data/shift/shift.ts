// Who sees what: shifts between clients in what they see (P(x)) and what they call it (P(y|x)), and drift, which changes it in
// the course of the rounds. A shift is a value; which view a client has is computed from it whenever it is asked.
import { fold, type Key, Stream } from "../../runtime/random.ts";
import type { Corruption } from "./corruption.ts";
import type { View } from "./view.ts";

/** How clients differ. Client i is in cluster i modulo `clusters`. */
export type Shift =
  | {
      /**
       * "rotation": cluster c sees images after c quarter turns (IFCA: 4); "labels": every cluster but the first calls the
       * classes by a permutation that is drawn for it.
       */
      readonly kind: "rotation" | "labels";
      readonly clusters: number;
      readonly drift?: Drift | undefined;
    }
  | {
      /** Client i has Gaussian noise of deviation level * i / (clients - 1), in all of the image or in one of its squares. */
      readonly kind: "noise";
      readonly level: number;
      /** Squares a side: client i has its noise in square i alone. */
      readonly squares?: number | undefined;
    }
  | {
      /** Client i has the (i modulo n)-th of these n. */
      readonly kind: "corruption";
      readonly corruptions: readonly ("none" | Corruption["kind"])[];
      readonly severity: number;
    };

/** When clusters (of rotation and labels) move on to the next one's view. */
export interface Drift {
  /**
   * "sudden": all at round `at`; "incremental": one client after another, from round `at` on, over as many rounds again;
   * "recurrent": all at every multiple of `at`.
   */
  readonly kind: "sudden" | "incremental" | "recurrent";
  /** A round, counted from 0; 1 at least. */
  readonly at: number;
}

/** Which of how many. */
export interface Place {
  /** The client, by its number. */
  readonly client: number;
  /** How many clients there are. */
  readonly clients: number;
  /** How many classes there are. */
  readonly classes: number;
  /** A federated round, from 0; after all of them unless said. */
  readonly round?: number | undefined;
}

/** How often the clusters have moved on when a client trains in a round. */
export function moves({ kind, at }: Drift, { client, clients, round = Infinity }: Place): number {
  if (!(Number.isSafeInteger(at) && at >= 1)) throw new RangeError(`drift: at, got ${at}, expected a round from 1 on`);
  if (!["sudden", "incremental", "recurrent"].includes(kind))
    throw new RangeError(`drift: kind, got ${String(kind)}, expected sudden, incremental or recurrent`);
  if (kind === "sudden") return Number(round >= at);
  if (kind === "incremental") return Number(round >= at + Math.floor((client * at) / clients));
  // after the last round as before the first: it has come back
  return Number.isFinite(round) ? Math.floor(round / at) : 0;
}

/** What a client sees; undefined where it sees rows as they are. */
export function viewOf(shift: Shift, place: Place, key: Key): View | undefined {
  const { client, clients, classes } = place;
  if (!(Number.isSafeInteger(client) && client >= 0))
    throw new RangeError(`shift: client, got ${client}, expected a whole number of at least 0`);
  const whole = (what: string, count: number): void => {
    if (!(Number.isSafeInteger(count) && count >= 1))
      throw new RangeError(`shift: ${what}, got ${count}, expected a whole number of at least 1`);
  };
  switch (shift.kind) {
    case "rotation":
    case "labels": {
      whole("clusters", shift.clusters);
      const moved = shift.drift ? moves(shift.drift, place) : 0;
      const cluster = (client + moved) % shift.clusters;
      if (cluster === 0) return undefined;
      if (shift.kind === "rotation") return { turns: cluster };
      const names = new Stream(fold(key, "labels", cluster)).choose(classes, classes);
      return { labels: [...names] };
    }
    case "noise": {
      if (!(shift.level >= 0 && shift.level < Infinity))
        throw new RangeError(`shift: level, got ${shift.level}, expected a finite number of at least 0`);
      if (shift.squares !== undefined) whole("squares", shift.squares);
      const deviation = clients === 1 ? shift.level : (shift.level * client) / (clients - 1);
      if (deviation === 0) return undefined;
      const { squares } = shift;
      return { noise: { deviation, ...(squares && { patch: { at: client % (squares * squares), of: squares } }) } };
    }
    case "corruption": {
      whole("corruptions", shift.corruptions.length);
      const kind = shift.corruptions[client % shift.corruptions.length]!;
      return kind === "none" ? undefined : { corruption: { kind, severity: shift.severity } };
    }
    default:
      throw new RangeError(
        `shift: kind, got ${String((shift as Shift).kind)}, expected rotation, labels, noise or corruption`,
      );
  }
}
