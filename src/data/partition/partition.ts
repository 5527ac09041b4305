// What every partitioner yields and takes: row numbers per client, never pixels. A partitioner is a pure function of the
// labels, its options and a key.

/** The rows of one client: `train` and `validation` number rows of the train split, `test` rows of the test split. */
export interface ClientRows {
  /** What the data call it, where they do. */
  readonly name?: string;
  /** Rows of the train split that it trains on. */
  readonly train: Int32Array;
  /** Rows of the train split that it validates on. */
  readonly validation: Int32Array;
  /** Rows of the test split: its local test. */
  readonly test: Int32Array;
  /** Its majority classes, where the law has any. */
  readonly classes?: readonly number[];
}

/** Who owns which rows. */
export interface Partition {
  /** Rows of each client. */
  readonly clients: readonly ClientRows[];
  /** Rows that are of another class or with another client than the law drew, because there were no more; 0 is the law itself. */
  readonly substituted: number;
  /** Clients that the federation is never to see, ascending: for tests on new ones. */
  readonly heldOut?: readonly number[];
}

/** One class number per row. */
export type Labels = ArrayLike<number>;

/** How many clients there are, and how many rows each has. */
export interface Sizes {
  /** How many clients there are. */
  readonly clients: number;
  /** Training rows of each client. */
  readonly trainRows: number;
  /** Validation rows of each client. */
  readonly validationRows: number;
  /** Rows of the client's local test, drawn from the test split; local tests of two clients may share rows. */
  readonly testRows: number;
}

/** Refuses counts that are no counts; `op` is the partitioner, each entry an option with the least it may be. */
export function checkCounts(
  op: string,
  counts: Readonly<Record<string, readonly [value: number, least: number]>>,
): void {
  for (const [name, [value, least]] of Object.entries(counts))
    if (!Number.isSafeInteger(value) || value < least)
      throw new RangeError(`${op}: ${name}, got ${value}, expected a whole number from ${least}`);
}

/** Refuses sizes that are no counts. */
export function checkSizes(op: string, { clients, trainRows, validationRows, testRows }: Sizes): void {
  checkCounts(op, {
    clients: [clients, 1],
    trainRows: [trainRows, 1],
    validationRows: [validationRows, 0],
    testRows: [testRows, 0],
  });
}

/** Refuses sizes that ask for more rows than there are, with train and validation rows disjoint over all clients. */
export function checkRows(op: string, sizes: Sizes, train: Labels, test: Labels): void {
  const { clients, trainRows, validationRows, testRows } = sizes;
  const wanted = clients * (trainRows + validationRows);
  if (wanted > train.length)
    throw new RangeError(
      `${op}: rows of the train split, got ${train.length}, expected ${wanted} for ${clients} clients with ${trainRows} ` +
        `training and ${validationRows} validation rows each; lower one of the three or bring more data`,
    );
  if (testRows > test.length)
    throw new RangeError(
      `${op}: rows of the test split, got ${test.length}, expected ${testRows} for every client; lower testRows`,
    );
}

/** Refuses a share outside [0, 1]. */
export function checkShare(op: string, name: string, share: number): void {
  if (!(share >= 0 && share <= 1)) throw new RangeError(`${op}: ${name}, got ${share}, expected a number from 0 to 1`);
}

// counts by class and client are kept for all of them
const MOST_CLASSES = 65_536;

/** How many classes two splits have: one more than their largest label. What is no class number is a RangeError with its row. */
export function classCount(train: Labels, test: Labels): number {
  let largest = -1;
  for (const [part, labels] of Object.entries({ train, test }))
    for (let row = 0; row < labels.length; row++) {
      const label = labels[row]!;
      if (!(Number.isInteger(label) && label >= 0 && label < MOST_CLASSES))
        throw new RangeError(
          `partition: ${part} labels, got ${label} in row ${row}, expected a class number from 0 to ${MOST_CLASSES - 1}`,
        );
      largest = Math.max(largest, label);
    }
  return largest + 1;
}

/** Throws unless it is one of the two: whatever else would pass for the paper. */
export function checkFidelity(op: string, fidelity: string): void {
  if (fidelity !== "paper" && fidelity !== "authors-code")
    throw new RangeError(`${op}: fidelity, got ${String(fidelity)}, expected paper or authors-code`);
}
