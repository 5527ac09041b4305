// What is to be made of a table's columns: what they hold, as both sides know it, and how a choice among them is said in a config.
import type { ColumnKind } from "../src/data/columnKinds.ts";
import type { OwnData } from "../src/data/index.ts";

type TableFiles = Extract<OwnData, { kind: "csv" }>;

/** A column as its cells show it. */
export interface ColumnSketch {
  readonly name: string;
  /** Some of its values, as they are written. */
  readonly examples: readonly string[];
  /** Whether all that is not a gap is a number. */
  readonly holds: "numbers" | "words";
  /** Values that differ, gaps aside. */
  readonly distinct: number;
  /** The values, as far as they can be listed: so many words make a menu. */
  readonly values: readonly string[];
  readonly gaps: number;
  /** Of the values the one with the fewest rows, and how many those are. */
  readonly rarest: readonly [value: string, rows: number];
}

/** A table before anything is made of it. */
export interface TableSketch {
  /** The file to train on, and the one of test rows where there is one. */
  readonly train: string;
  readonly test?: string;
  readonly rows: number;
  readonly columns: readonly ColumnSketch[];
  /** Which of the usual marks of a gap are in it. */
  readonly marks: readonly string[];
}

/** What columns are for; those that are not named are inputs. */
export interface TableChoice {
  readonly task: "classification" | "regression";
  readonly label: string;
  readonly client?: string | undefined;
  readonly ignore: readonly string[];
}

/** What files write where they have nothing. */
export const gapMarks: readonly string[] = ["NA", "N/A", "NaN", "nan", "null", "NULL", "?"];

const labels = ["label", "class", "target", "species", "y"];
const clients = ["client", "client_id", "clientid"];

// so many numbers that differ are amounts rather than names of classes
const most = 20;

/** What is to be told apart or estimated, where nobody has said it. */
export function taskFor({ holds, distinct }: ColumnSketch): TableChoice["task"] {
  return holds === "numbers" && distinct > most ? "regression" : "classification";
}

/** What columns are most likely for: by their names, or the last one is the label; words that all differ, and what is empty or has no name, are no input. */
export function guess({ columns, rows }: TableSketch): TableChoice {
  const named = (names: readonly string[]) => columns.find(({ name }) => names.includes(name.toLowerCase()));
  const label = named(labels) ?? columns.at(-1)!;
  const client = named(clients);
  const told = (column: ColumnSketch): boolean =>
    column.name !== "" &&
    column.distinct > 0 &&
    !(column.holds === "words" && rows > most && column.distinct > 0.9 * rows);
  return {
    task: taskFor(label),
    label: label.name,
    ...(client && client !== label && { client: client.name }),
    ignore: columns.filter((one) => one !== label && one !== client && !told(one)).map(({ name }) => name),
  };
}

/** The columns that a choice leaves as inputs. */
export function inputsOf({ columns }: TableSketch, { label, client, ignore }: TableChoice): ColumnSketch[] {
  return columns.filter(({ name }) => name !== label && name !== client && !ignore.includes(name));
}

/** How a config describes the files under a choice: words become columns of 0 and 1, gaps the median or a word of their own. */
export function filesOf(sketch: TableSketch, choice: TableChoice): TableFiles {
  const { train, test, marks } = sketch;
  const { label, client, ignore } = choice;
  const inputs = inputsOf(sketch, choice);
  const kinds = inputs.flatMap(({ name, holds, gaps }): (readonly [string, ColumnKind])[] => {
    if (holds === "words") return [[name, { kind: "category" }]];
    return gaps > 0 ? [[name, { kind: "number", gaps: "median" }]] : [];
  });
  return {
    kind: "csv",
    train,
    ...(test !== undefined && { test }),
    label,
    ...(client !== undefined && { client }),
    ...(ignore.length > 0 && { ignore: [...ignore] }),
    ...(kinds.length > 0 && { columns: Object.fromEntries(kinds) }),
    ...(marks.length > 0 && { missing: [...marks] }),
  };
}

/** The choice that a config's description of the same files makes; undefined for what no choice can say. */
export function choiceIn(own: OwnData, task: string | undefined): TableChoice | undefined {
  if (own.kind !== "csv") return undefined;
  const { label, client, ignore = [] } = own;
  if (typeof label !== "string" || task === "multi-label") return undefined;
  return { task: task === "regression" ? task : "classification", label, client, ignore };
}

// rows of a client of which each of its three parts has one
const fewest = 4;

/** Refuses a choice that no run can begin with, at the field that it is about. */
export function checkChoice(sketch: TableSketch, choice: TableChoice): void {
  const { columns, test } = sketch;
  const { task, client } = choice;
  const label = columns.find(({ name }) => name === choice.label);
  if (!label) throw new RangeError(`files.label: got ${choice.label}, expected a column of ${sketch.train}`);
  const some = label.values.slice(0, 3).join(", ");
  if (label.gaps > 0)
    throw new RangeError(
      `files.label: got ${label.gaps === 1 ? "a row" : `${label.gaps} rows`} without a value in ${label.name}, expected one in each row`,
    );
  if (task === "regression" && label.holds === "words")
    throw new RangeError(`task: got numbers to be estimated, expected classes, as ${label.name} holds words (${some})`);
  if (task === "regression" && label.distinct < 2)
    throw new RangeError(`files.label: got ${some} in every row of ${label.name}, expected numbers that differ`);
  if (task === "classification" && label.distinct < 2)
    throw new RangeError(`files.label: got one class in ${label.name} (${some}), expected two at least`);
  if (task === "classification" && label.distinct > 256)
    throw new RangeError(`files.label: got ${label.distinct} classes in ${label.name}, expected 256 at most`);
  if (inputsOf(sketch, choice).length === 0)
    throw new RangeError("files.ignore: got no column to go by, expected one input at least");
  if (client === undefined) return;
  const owner = columns.find(({ name }) => name === client);
  if (client === choice.label || !owner)
    throw new RangeError(`files.client: got ${client}, expected another column than the label`);
  if (owner.gaps > 0)
    throw new RangeError(
      `files.client: got ${owner.gaps === 1 ? "a row" : `${owner.gaps} rows`} without a client in ${client}, expected one in each row`,
    );
  const [name, rows] = owner.rarest;
  if (owner.distinct < 2)
    throw new RangeError(`files.client: got one client in ${client} (${name}), expected two at least`);
  if (test === undefined && rows < fewest)
    throw new RangeError(
      `files.client: got ${rows === 1 ? "one row" : `${rows} rows`} of client ${name}, expected ${fewest} at least of every client, to train, validate and test on`,
    );
}
