// What files of the reader's own are: known by what is in them where that says enough, by their names where it does not.
import type { OwnData } from "../../src/data/index.ts";
import { unpackHead } from "../../src/data/gzip.ts";
import { filesOf, guess, type TableSketch } from "../table.ts";
import { sketch } from "./sketch.ts";

type Files = Readonly<Record<string, Uint8Array>>;

/** What a dataset is called, and how a config describes its files. */
export interface Recognised {
  readonly name: string;
  readonly own: OwnData;
  readonly task?: "regression" | undefined;
  /** Of a table what is in its columns. */
  readonly table?: TableSketch | undefined;
}

const arrays = ["x_train.npy", "y_train.npy", "x_test.npy", "y_test.npy"];

/** Finds the form of files by name; an error that says what was found and what is wanted. */
export async function recognise(files: Files): Promise<Recognised> {
  const names = Object.keys(files);
  const tables = names.filter((name) => /\.[ct]sv(\.gz)?$/i.test(name));
  if (arrays.every((name) => has(files, name))) return { name: "own-arrays", own: { kind: "npy" } };
  if (tables.length > 0) return table(files, tables);
  return images(files, names);
}

async function table(files: Files, names: readonly string[]): Promise<Recognised> {
  const test = names.length === 2 ? names.find((name) => /test|valid|eval/i.test(name)) : undefined;
  const train = names.find((name) => name !== test)!;
  if (names.length > (test === undefined ? 1 : 2))
    throw new RangeError(
      `data: got ${names.join(", ")}, expected one table, or two of which one has "test" in its name`,
    );
  const drawn = await sketch(files, train, test);
  const choice = guess(drawn);
  const task = choice.task === "regression" ? choice.task : undefined;
  return { name: stem(train), own: filesOf(drawn, choice), ...(task && { task }), table: drawn };
}

function images(files: Files, names: readonly string[]): Recognised {
  const found: { name: string; dimensions: number }[] = [];
  for (const name of names) {
    const head = unpackHead(files[name]!, name, 4);
    const isIdx = head.length === 4 && head[0] === 0 && head[1] === 0 && head[2] === 8;
    if (isIdx) found.push({ name, dimensions: head[3]! });
  }
  const pick = (dimensions: number, isTest: boolean): string => {
    const fitting = found.filter((file) => file.dimensions === dimensions && /t10k|test/i.test(file.name) === isTest);
    if (fitting.length !== 1)
      throw new RangeError(
        `data: got ${names.join(", ")}, expected a CSV table, or four idx files: images and labels to train on, and ` +
          `images and labels with "test" or "t10k" in their names`,
      );
    return fitting[0]!.name;
  };
  return {
    name: "own-images",
    own: { kind: "idx", train: [pick(3, false), pick(1, false)], test: [pick(3, true), pick(1, true)] },
  };
}

function has(files: Files, name: string): boolean {
  return name in files || `${name}.gz` in files;
}

function stem(name: string): string {
  return name.replace(/\.[ct]sv(\.gz)?$/i, "").replace(/[-_. ]?train(ing)?$/i, "") || "own-table";
}
