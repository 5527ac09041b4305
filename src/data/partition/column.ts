// Clients as the data have them: every owner of rows is one. Nothing is dealt and nothing is moved between them.
import { fold, type Key, Stream } from "../../runtime/random.ts";
import { inSteps, type Stepped, stepped } from "../../runtime/steps.ts";
import type { Owners } from "../owners.ts";
import type { Counts } from "./hands.ts";
import { checkCounts, checkShare, type ClientRows, type Partition } from "./partition.ts";

/** Which owners become clients, and with which of their rows. */
export interface ColumnOptions {
  /** How many of the owners are clients, drawn uniformly; in the order of their names. */
  readonly clients: number;
  /** At most so many rows of each, training and validation in this proportion. */
  readonly rows: Counts;
  /** All rows of each, parted in the proportion of `rows`. */
  readonly all?: boolean;
  /** The least an owner must have of each to be a client; 1 unless said. */
  readonly minimum?: Partial<Counts>;
  /** Whether owners below it are an error that names them (unless said), or no clients. */
  readonly repair?: "refuse" | "drop";
  /** Clients that the federation never sees, by name or as a share of all, rounded down; for tests on new clients. */
  readonly heldOut?: number | readonly string[];
}

function listed(names: readonly string[]): string {
  return names.slice(0, 5).join(", ") + (names.length > 5 ? ` and ${names.length - 5} more` : "");
}

/** Every client has rows of its own alone, and a local test of its own test rows. */
export const column: Stepped<[owners: Owners, options: ColumnOptions, key: Key], Partition> = stepped(
  function* (owners, options, key) {
    const { clients, rows, all = false, repair = "refuse", heldOut = 0 } = options;
    const minimum = {
      train: 1,
      validation: Math.min(1, rows.validation),
      test: Math.min(1, rows.test),
      ...options.minimum,
    };
    checkCounts("column", {
      clients: [clients, 1],
      "rows.train": [rows.train, 1],
      "rows.validation": [rows.validation, 0],
      "rows.test": [rows.test, 0],
    });
    const lists = (of: Int32Array): number[][] => {
      const own = owners.names.map((): number[] => []);
      of.forEach((owner, row) => own[owner]!.push(row));
      return own;
    };
    const [training, testing] = [lists(owners.train), lists(owners.test)];
    const wanted = rows.train + rows.validation;
    yield;
    const whole = yield* inSteps(owners.names.length, (owner): ClientRows => {
      const name = owners.names[owner]!;
      const stream = new Stream(fold(key, "owner", owner));
      const drawn = stream.shuffle(training[owner]!);
      const used = all ? drawn.length : Math.min(drawn.length, wanted);
      const validating = Math.floor((used * rows.validation) / wanted);
      const tested = stream.shuffle(testing[owner]!);
      return {
        name,
        train: Int32Array.from(drawn.slice(validating, used)),
        validation: Int32Array.from(drawn.slice(0, validating)),
        test: Int32Array.from(all ? tested : tested.slice(0, rows.test)),
      };
    });
    const fits = (client: ClientRows): boolean =>
      (["train", "validation", "test"] as const).every((part) => client[part].length >= minimum[part]);
    const poor = whole.filter((client) => !fits(client));
    if (poor.length > 0 && repair === "refuse")
      throw new RangeError(
        `column: rows, got ${listed(poor.map(({ name, train, validation, test }) => `${name} with ${train.length}, ${validation.length} and ${test.length}`))}, ` +
          `expected at least ${minimum.train}, ${minimum.validation} and ${minimum.test} for training, validation and test; ` +
          `take repair "drop", or lower minimum`,
      );
    const rich = whole.filter(fits);
    if (clients > rich.length)
      throw new RangeError(
        `column: clients, got ${clients}, expected at most ${rich.length}, as there are ${owners.names.length} owners of rows and ` +
          `${poor.length} of them have too few; lower clients or minimum`,
      );
    const chosen = new Stream(fold(key, "clients")).choose(rich.length, clients).toSorted();
    const own = Array.from(chosen, (at) => rich[at]!);
    return { clients: own, substituted: 0, heldOut: held(own, heldOut, key) };
  },
);

/** Which clients are held out, ascending. */
function held(clients: readonly ClientRows[], heldOut: number | readonly string[], key: Key): number[] {
  if (typeof heldOut === "number") {
    checkShare("column", "heldOut", heldOut);
    const out = Math.floor(heldOut * clients.length + 1e-9);
    return Array.from(new Stream(fold(key, "held out")).choose(clients.length, out).toSorted());
  }
  const names = new Set(clients.map(({ name }) => name));
  const unknown = heldOut.filter((name) => !names.has(name));
  if (unknown.length > 0)
    throw new RangeError(
      `column: heldOut, got ${listed(unknown)}, expected names of clients; are they dropped or not drawn?`,
    );
  const out = new Set(heldOut);
  return clients.flatMap(({ name }, client) => (out.has(name!) ? [client] : []));
}
