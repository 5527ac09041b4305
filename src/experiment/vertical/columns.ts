// A party's columns cut out of a dataset, once, into examples of its own: nothing else of a row is staged for it, and no label.
import type { Dataset } from "../../data/index.ts";
import { type Examples, FeatureExamples, ImageExamples } from "../../nn/index.ts";
import { ConfigError } from "../config.ts";
import type { ColumnsConfig, VerticalConfig } from "./config.ts";

/** Data with columns. */
export type Columned = Exclude<Dataset, { kind: "text" }>;

/** Numbers of columns, ascending; of images those of pixels in a channel. */
export type Cut = readonly number[];

/** Which columns these are; a ConfigError where the data have no such ones. */
export function cutOf(dataset: Columned, at: string, wanted: ColumnsConfig): Cut {
  if (dataset.kind === "image") {
    const [, height, width] = dataset.shape;
    if (!("x" in wanted))
      throw new ConfigError(`config: ${at}, got names, expected x and y: ${dataset.name} has images`);
    const { x, y } = wanted as Exclude<ColumnsConfig, readonly string[]>;
    for (const [axis, [from, to], size] of [
      ["x", x, width],
      ["y", y, height],
    ] as const)
      if (!(from < to && to <= size))
        throw new ConfigError(`config: ${at}.${axis}, got ${from} to ${to}, expected a part of 0 to ${size}`);
    const rows = Array.from({ length: y[1] - y[0] }, (_, i) => y[0] + i);
    return rows.flatMap((row) => Array.from({ length: x[1] - x[0] }, (_, i) => row * width + x[0] + i));
  }
  const names =
    dataset.columns ?? Array.from({ length: dataset.shape.reduce((a, b) => a * b, 1) }, (_, i) => String(i));
  if ("x" in wanted) throw new ConfigError(`config: ${at}, got x and y, expected names: ${dataset.name} has columns`);
  const found = (wanted as readonly string[]).flatMap((name) => {
    const mine = names.flatMap((one, i) => (one === name || one.startsWith(`${name}=`) ? [i] : []));
    if (mine.length === 0)
      throw new ConfigError(`config: ${at}, got ${name}, expected columns among ${names.slice(0, 20).join(", ")}`);
    return mine;
  });
  return [...new Set(found)].toSorted((a, b) => a - b);
}

/** Numbers of a row that these columns have. */
export function widthOf(dataset: Columned, cut: Cut): number {
  return cut.length * (dataset.kind === "image" ? dataset.shape[0] : 1);
}

/** These columns of a split's first rows; without any a 1 in every row. `labels` go with them where they may. */
export function examplesOf(
  dataset: Columned,
  split: "train" | "test",
  { cut, rows, labelled }: { readonly cut: Cut; readonly rows?: VerticalConfig["rows"]; readonly labelled: boolean },
): Examples {
  const all = dataset[split].rows;
  const count = rows?.[split] ?? all;
  if (count > all) throw new ConfigError(`config: rows.${split}, got ${count}, expected at most ${all}`);
  const labels = labelled ? dataset[split].labels.subarray(0, count) : new Uint8Array(count);
  if (cut.length === 0) return new FeatureExamples({ x: new Float32Array(count).fill(1), labels, shape: [1] });
  const channels = dataset.kind === "image" ? dataset.shape[0] : 1;
  const size = dataset.shape.reduce((a, b) => a * b, 1);
  const places = Array.from({ length: channels }, (_, c) => cut.map((i) => (c * size) / channels + i)).flat();
  const pick = <X extends Uint8Array | Float32Array>(from: X, to: X): X => {
    for (let row = 0; row < count; row++)
      for (let i = 0; i < places.length; i++) to[row * places.length + i] = from[row * size + places[i]!]!;
    return to;
  };
  if (dataset.kind === "image") {
    const x = pick(dataset[split].x, new Uint8Array(count * places.length));
    const { normalization } = dataset;
    return new ImageExamples({ x, labels, shape: [channels, cut.length, 1], normalization });
  }
  return new FeatureExamples({
    x: pick(dataset[split].x, new Float32Array(count * places.length)),
    labels,
    shape: [places.length],
  });
}
