// Datasets, partitions and shifts asked for what cannot be.
import fc from "fast-check";
import * as data from "../../../src/data/index.ts";
import { key, Stream } from "../../../src/runtime/random.ts";
import { bad, type BadCall, negative, noCount, noCountOrNone, noWord } from "./badCall.ts";

const labels = Uint8Array.from({ length: 60 }, (_, i) => i % 3);
const stream = (): Stream => new Stream(key(1));
const sizes = { clients: 3, trainRows: 6, validationRows: 2, testRows: 2 };
const rows = { x: new Float32Array(4), labels: new Uint8Array(2), rows: 2 };
const texts = { name: "t", classes: ["a", "b"], train: { texts: ["x y", "y"], labels: [0, 1] }, test: { texts: ["x"], labels: [0] } }; // prettier-ignore
const place = { client: 1, clients: 3, classes: 3, round: 1 };
const noShare = fc.constantFrom(-0.1, 1.1, NaN, Infinity);

export const dataCalls: readonly fc.Arbitrary<BadCall>[] = [
  bad("multinomial trials", noCountOrNone, (trials) => data.multinomial(stream(), trials, [1, 2])),
  bad("multinomial weight", fc.constantFrom(-1, NaN, -Infinity), (weight) =>
    data.multinomial(stream(), 5, [3, weight]),
  ),
  bad("gamma", fc.constantFrom(0, -1, NaN, Infinity), (alpha) => data.gamma(stream(), alpha)),
  bad("vocabularyOf", noCountOrNone, (size) => data.vocabularyOf([["a", "b"]], size)),
  bad("fromTexts words", noCountOrNone, (words) => data.fromTexts({ ...texts, words }).vocabulary),
  bad("take row", fc.constantFrom(-1, 2, 0.5, NaN), (row) => data.take(rows, [0, row]).labels),
  bad("take of fewer values", fc.constantFrom(1, 3), (n) => data.take({ ...rows, x: new Float32Array(n) }, [0]).labels),
  bad("windowOf by", noWord, (by) => data.windowOf(Int32Array.of(0, 1), labels, { by: by as "row", width: 0.5 }, 0, 2)),
  bad("windowOf width", fc.constantFrom(0, -1, 1.5, NaN), (width) =>
    data.windowOf(Int32Array.of(0, 1), labels, { by: "row", width }, 0, 2),
  ),
  bad("windowOf round", noCountOrNone, (round) =>
    data.windowOf(Int32Array.of(0, 1), labels, { by: "row", width: 0.5 }, round, 2),
  ),
  bad("windowOf rounds", noCount, (of) => data.windowOf(Int32Array.of(0, 1), labels, { by: "row", width: 0.5 }, 0, of)),
  bad("viewOf kind", noWord, (kind) => data.viewOf({ kind: kind as "labels", clusters: 2 }, place, key(1))),
  bad("viewOf clusters", noCount, (clusters) => data.viewOf({ kind: "rotation", clusters }, place, key(1))),
  bad("viewOf level", negative, (level) => data.viewOf({ kind: "noise", level }, place, key(1))),
  bad("viewOf squares", noCount, (squares) => data.viewOf({ kind: "noise", level: 1, squares }, place, key(1))),
  bad("viewOf client", fc.constantFrom(-1, 0.5, NaN), (client) =>
    data.viewOf({ kind: "rotation", clusters: 2 }, { ...place, client }, key(1)),
  ),
  bad("viewOf no corruptions", fc.constant([]), (corruptions) =>
    data.viewOf({ kind: "corruption", corruptions, severity: 1 }, place, key(1)),
  ),
  bad("moves kind", noWord, (kind) => data.moves({ kind: kind as "sudden", at: 2 }, place)),
  bad("moves at", noCount, (at) => data.moves({ kind: "recurrent", at }, place)),
  bad("seen corruption", noWord, (kind) => worn({ corruption: { kind: kind as "blur", severity: 1 } })),
  bad("seen severity", fc.constantFrom(0, 6, 1.5, NaN), (severity) => worn({ corruption: { kind: "blur", severity } })),
  bad("seen turns", fc.constantFrom(0.5, NaN, Infinity), (turns) => worn({ turns })),
  bad("renamed", fc.constantFrom([], [0], [0, NaN], [0, 256], [0, -1], [0, 0.5]), (names) =>
    data.renamed(Uint8Array.of(0, 1), { labels: names }),
  ),
  bad("sizesBy law", noWord, (law) => data.sizesBy({ clients: 3, law: law as "linear" }, 60, key(1))),
  bad("sizesBy rows", noCountOrNone, (n) => data.sizesBy({ clients: 3, law: "linear" }, n, key(1))),
  bad("sizesBy spread", negative, (spread) => data.sizesBy({ clients: 3, law: "power-law", spread }, 60, key(1))),
  bad("pathological choice", noWord, (choice) =>
    data.pathological(labels, { clients: 3, classes: 2, choice: choice as "first" }, key(1)),
  ),
  bad("pathological cuts", noWord, (cuts) =>
    data.pathological(labels, { clients: 3, classes: 2, cuts: cuts as "equal" }, key(1)),
  ),
  bad("dirichletLabels fidelity", noWord, (fidelity) =>
    data.dirichletLabels(labels, labels, { ...sizes, alpha: 1, fidelity: fidelity as "paper" }, key(1)),
  ),
  bad("majority fidelity", noWord, (fidelity) =>
    data.majority(labels, labels, { ...sizes, p: 0.5, overlap: true, fidelity: fidelity as "paper" }, key(1)),
  ),
  bad("iid clients", noCount, (clients) => data.iid(labels, labels, { ...sizes, clients }, key(1))),
  bad("shards", noCount, (shards) => data.shards(labels, { clients: 3, shards }, key(1))),
  bad("optOut", noShare, (fraction) => data.optOut(10, fraction, key(1))),
  bad("keepBack", noShare, (fraction) =>
    data.keepBack(
      { train: Int32Array.of(0, 1), validation: new Int32Array(), test: new Int32Array() },
      fraction,
      key(1),
    ),
  ),
  bad("choose", noCountOrNone, (k) => stream().choose(5, k)),
  bad("key", fc.constantFrom(0.5, NaN, Infinity, 2 ** 53), (seed) => key(seed)),
];

function worn(view: data.View): unknown {
  const images = { x: new Uint8Array(8), labels: new Uint8Array(2), rows: [0, 1] };
  return data.seen(images, view, [1, 2, 2], key(1)).x;
}
