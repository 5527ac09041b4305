// Series as rows: what was in the last so many steps, and as targets what comes after, or the class of the last.
import type { Words } from "./columnKinds.ts";
import { encoding } from "./columns.ts";
import { type FeatureDataset, fromFeatures } from "./features.ts";
import { labelColumns, rowsOf, type Table, type TableOptions } from "./tableRows.ts";

// of every series, in time, to test on
const TESTED = 0.2;

/** Places of rows, series by series, each in the order of the file. */
function seriesIn({ owners, labels }: Table): Map<string, number[]> {
  const series = new Map<string, number[]>();
  for (let row = 0; row < labels.length; row++) {
    const owner = owners?.[row] ?? "";
    const list = series.get(owner);
    if (list) list.push(row);
    else series.set(owner, [row]);
  }
  return series;
}

/**
 * Windows of every owner's rows, [past, columns] each: all columns and in a regression the targets, scaled by rows of the first four
 * fifths of each series, whose targets train; those of the last fifth test, and see what was before. A RangeError names a series that
 * is too short.
 * @param classes where rows have a class: then a window has that of its last row, unless `ahead` says otherwise
 */
export function windowed(
  table: Table,
  options: TableOptions,
  words: Words,
  classes: readonly string[] | undefined,
): FeatureDataset {
  const { past, ahead = classes ? 0 : 1 } = options.windows!;
  const refused =
    options.task === "multi-label"
      ? "got several labels a row, expected classes or a regression"
      : !classes && ahead === 0
        ? "got a target that is seen, expected ahead from 1 in a regression"
        : options.group !== undefined && `got groups in ${options.group}, expected none beside windows`;
  if (refused) throw new RangeError(`table: ${table.place(-1)}, windows, ${refused}`);
  const asked = labelColumns(options);
  const series = seriesIn(table);
  const split = (rows: readonly number[]): number => rows.length - Math.ceil(TESTED * rows.length);
  for (const [owner, rows] of series)
    if (split(rows) < past + ahead)
      throw new RangeError(
        `table: ${table.place(-1)}, windows, got ${rows.length} rows${owner && ` of ${owner}`}, expected ` +
          `${Math.ceil((past + ahead) / (1 - TESTED))} at least for windows of ${past} and ${ahead} ahead`,
      );
  const whole = classes ? table : withTargets(table, asked);
  const numberOf = new Map(classes?.map((name, number) => [name, number]));
  const early = [...series.values()].flatMap((rows) => rows.slice(0, split(rows)));
  const scaled = encoding(rowsOf(whole, early), options.columns ?? {}, words, options.standardize ?? true)(whole);
  const width = scaled.columns.length;
  const of = (part: "train" | "test") => {
    const ends = [...series].flatMap(([owner, rows]) => {
      const [from, to] = part === "train" ? [past + ahead - 1, split(rows)] : [split(rows), rows.length];
      return rows.slice(from, to).map((target, i) => ({ owner, target, seen: rows.slice(from + i - ahead - past + 1, from + i - ahead + 1) })); // prettier-ignore
    });
    const x = new Float32Array(ends.length * past * width);
    const targets = new Float32Array(classes ? 0 : ends.length * asked.length);
    for (const [i, { target, seen }] of ends.entries()) {
      for (const [step, row] of seen.entries())
        x.set(scaled.values.subarray(row * width, (row + 1) * width), (i * past + step) * width);
      if (!classes)
        targets.set(table.targets!.subarray(target * asked.length, (target + 1) * asked.length), i * asked.length);
    }
    const owners = table.owners && ends.map(({ owner }) => owner);
    const labels = Uint8Array.from(ends, ({ target }) => numberOf.get(table.labels[target]!) ?? 0);
    return { x, labels, owners, targets };
  };
  const [train, test] = [of("train"), of("test")];
  return fromFeatures({
    name: options.name,
    classes: classes ?? asked,
    shape: [past, width],
    train,
    test,
    ...(!classes && { targets: { kind: "regression" as const, train: train.targets, test: test.targets } }),
  });
}

/** A table whose targets are columns as well. */
function withTargets(table: Table, asked: readonly string[]): Table {
  const [own, more] = [table.columns.length, asked.length];
  const width = own + more;
  const values = new Float64Array(table.labels.length * width);
  for (let row = 0; row < table.labels.length; row++) {
    values.set(table.values.subarray(row * own, (row + 1) * own), row * width);
    values.set(table.targets!.subarray(row * more, (row + 1) * more), row * width + own);
  }
  return { ...table, columns: [...table.columns, ...asked], values };
}
