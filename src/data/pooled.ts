// A dataset whose two splits are one pool: the training rows and behind them the test rows, as both.
import type { Dataset, TextSplit } from "./dataset.ts";
import { shared } from "./share.ts";

function joined<A extends Uint8Array | Int32Array | Float32Array>(first: A, second: A): A {
  const Kind = first.constructor as new (buffer: ArrayBufferLike, offset: number, length: number) => A;
  const length = first.length + second.length;
  const both = new Kind(shared(length * first.BYTES_PER_ELEMENT).buffer, 0, length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/** The same data with all rows in either split; who tests on what is then for a partition to say. */
export function pooled<D extends Dataset>(dataset: D): D {
  const { train, test, owners } = dataset;
  const labels = joined(train.labels, test.labels);
  const rows = train.rows + test.rows;
  const both = owners && joined(owners.train, owners.test);
  const own = both ? { owners: { names: owners.names, train: both, test: both } } : {};
  if (dataset.kind === "text") {
    const [a, b] = [train, test] as [TextSplit, TextSplit];
    const offsets = joined(
      a.offsets,
      b.offsets.slice(1).map((at) => at + a.words.length),
    );
    const all: TextSplit = { words: joined(a.words, b.words), offsets, labels, rows };
    return { ...dataset, ...own, train: all, test: all };
  }
  if (dataset.kind === "features" && dataset.targets) {
    const targets = joined(dataset.targets.train, dataset.targets.test);
    Object.assign(own, { targets: { kind: dataset.targets.kind, train: targets, test: targets } });
  }
  if (dataset.kind === "features" && dataset.groups) {
    const both = joined(dataset.groups.train, dataset.groups.test);
    Object.assign(own, { groups: { ...dataset.groups, train: both, test: both } });
  }
  const [a, b] = [train, test] as { readonly x: Uint8Array }[];
  const all = { x: joined(a!.x, b!.x), labels, rows };
  return { ...dataset, ...own, train: all, test: all };
}
