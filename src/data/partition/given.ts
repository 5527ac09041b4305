// A partition as a JSON file that other tools write and read: row numbers for every client, and by what labels they were made.
import { Sha256 } from "../../io/hash.ts";
import { inSteps, type Stepped, stepped } from "../../runtime/steps.ts";
import type { ClientRows, Labels, Partition } from "./partition.ts";

/** What such a file says. Rows of `train` and `validation` are of the train split, those of `test` of the test split, unless pooled. */
export interface GivenPartition {
  /** SHA-256 over the labels of both splits as bytes; with it, rows of other data are refused. */
  readonly labels?: string | undefined;
  /** Whether rows are numbered in the pool of both splits, the test rows behind the training rows, and every list is of it. */
  readonly pooled?: boolean | undefined;
  /** Rows of each client, by their numbers. */
  readonly clients: readonly {
    readonly name?: string | undefined;
    readonly train: readonly number[];
    readonly validation: readonly number[];
    readonly test: readonly number[];
    /** Its majority classes, or those it has. */
    readonly classes?: readonly number[] | undefined;
  }[];
  /** Clients that the federation never sees. */
  readonly heldOut?: readonly number[] | undefined;
}

function hashOf(train: Labels, test: Labels): string {
  const bytes = (labels: Labels): Uint8Array => Uint8Array.from(labels);
  return new Sha256().update(bytes(train)).update(bytes(test)).hex();
}

/** A partition as it goes into a file. */
export function givePartition({ clients, heldOut }: Partition, train: Labels, test: Labels): GivenPartition {
  return {
    labels: hashOf(train, test),
    clients: clients.map(({ name, train, validation, test, classes }) => ({
      ...(name !== undefined && { name }),
      train: [...train],
      validation: [...validation],
      test: [...test],
      ...(classes && { classes: [...classes] }),
    })),
    ...(heldOut && heldOut.length > 0 && { heldOut: [...heldOut] }),
  };
}

/**
 * The partition that a file says. Rows beyond the data, twice in a client, in both its training and its validation, of other
 * labels, or none where some are needed are a RangeError. Two clients may share rows, if whoever made the file wanted that.
 */
export const takePartition: Stepped<[given: GivenPartition, train: Labels, test: Labels], Partition> = stepped(
  function* (given, train, test) {
    if (given.labels !== undefined && given.labels !== hashOf(train, test))
      throw new RangeError(
        `partition: labels, got data with a SHA-256 of ${hashOf(train, test).slice(0, 12)}, expected ${given.labels.slice(0, 12)}; ` +
          `the file was made for other data`,
      );
    const clients = yield* inSteps(given.clients.length, (client): ClientRows => {
      const own = given.clients[client]!;
      const seen = { train: new Set<number>(), test: new Set<number>() };
      const rows = (part: "train" | "validation" | "test"): Int32Array => {
        const split = part === "test" ? "test" : "train";
        const limit = (split === "test" ? test : train).length;
        for (const row of own[part]) {
          if (!(Number.isInteger(row) && row >= 0 && row < limit))
            throw new RangeError(
              `partition: ${part} of client ${client}, got row ${row}, expected 0 to ${limit - 1}; was the file made for other data?`,
            );
          if (seen[split].has(row))
            throw new RangeError(`partition: ${part} of client ${client}, got row ${row} twice, expected it once`);
          seen[split].add(row);
        }
        if (own[part].length === 0)
          throw new RangeError(`partition: ${part} of client ${client}, got no rows, expected one at least`);
        return Int32Array.from(own[part]);
      };
      return {
        train: rows("train"),
        validation: rows("validation"),
        test: rows("test"),
        ...(own.name !== undefined && { name: own.name }),
        ...(own.classes && { classes: own.classes }),
      };
    });
    const { heldOut = [] } = given;
    const odd = heldOut.find((client) => !(Number.isInteger(client) && client >= 0 && client < clients.length));
    if (odd !== undefined)
      throw new RangeError(`partition: heldOut, got client ${odd}, expected 0 to ${clients.length - 1}`);
    return { clients, substituted: 0, heldOut };
  },
);
