// Where an input is from, in plain numbers: a line between own rows and drawn ones, draws of Gaussians, and a hazard that is chosen.
import { coursesOf } from "../../../src/moe/courses.ts";
import { discriminated, fitDiscriminator } from "../../../src/moe/discriminator.ts";
import { Gaussians } from "../../../src/moe/gaussians.ts";
import { chosenHazard } from "../../../src/moe/hazard.ts";
import { fold, key, Stream } from "../../../src/runtime/random.ts";
import { client, made, root } from "../../support/desk.ts";
import { lowest } from "../../support/lowest.ts";
import { near } from "../../support/near.ts";
import { answersOf, initial, logSoftmaxOf, meanOf, modelOf, odd, rows, type V } from "../../support/softmax.ts";
import { sum } from "../../support/rules.ts";
import { assert, test } from "../../support/suite.ts";

const rowsOf = (values: V, width: number): V[] => Array.from({ length: values.length / width }, (_, i) => values.slice(i * width, (i + 1) * width));

test("the line between own and foreign rows is lowest in a loss that counts both alike, with little slope", () => {
  const width = 3;
  // a feature that never moves says nothing
  const still = (values: number[]): number[] => values.map((value, i) => (i % width === 2 ? 0.5 : value));
  const some = (count: number, at: number): number[] => Array.from({ length: count * width }, (_, i) => odd(1, at + i, 2)[0]!);
  const own = still(some(5, 50).map((x) => x + 0.6));
  const foreign = still(some(8, 90));
  const mean = [0, 1, 2].map((k) => meanOf(rowsOf(foreign, width).map((row) => row[k]!)));
  const scale = [0, 1, 2].map((k) => 1 / Math.sqrt(Math.max(1e-12, meanOf(rowsOf(foreign, width).map((row) => (row[k]! - mean[k]!) ** 2)))));
  const logit = (line: V, row: V): number => line[0]! + sum(row.map((x, k) => line[k + 1]! * (x - mean[k]!) * scale[k]!));
  const loss = (line: V): number =>
    meanOf(rowsOf(own, width).map((row) => Math.log(1 + Math.exp(-logit(line, row))))) / 2 +
    meanOf(rowsOf(foreign, width).map((row) => Math.log(1 + Math.exp(logit(line, row))))) / 2 +
    0.05 * sum(line.slice(1).map((x) => x * x));
  const wanted = lowest(loss, [0, 0, 0, 0]);
  const found = fitDiscriminator({ values: own, width }, { values: foreign, width });
  near(found.mean, mean, 1e-12);
  near(found.scale, scale, 1e-9);
  near(found.line, wanted, 1e-5);
  assert.ok(wanted.slice(0, 3).every((x) => Math.abs(x) > 1e-2));
  const asked = [0.3, -1, 0.5, 2, 0.1, 0.5];
  near(discriminated({ values: asked, width }, found), rowsOf(asked, width).map((row) => logit(wanted, row)), 1e-5);
});

test("rows drawn from Gaussians, by hand: a class by its share, and each number by the polar method", () => {
  const counts = [3, 0, 5];
  const means = [[1, -2], [0, 0], [0.5, 4]]; // prettier-ignore
  const variance = [0.25, 4];
  const sums = means.flatMap((row, c) => row.map((x) => counts[c]! * x));
  const squares = [0, 1].map((k) => 8 * variance[k]! + sum(means.map((row, c) => counts[c]! * row[k]! ** 2)));
  const drawn = new Gaussians({ counts, sums, squares }).sample(200, key(7));
  const stream = new Stream(key(7));
  const normal = (): number => {
    for (;;) {
      const [u, v] = [2 * stream.uniform() - 1, 2 * stream.uniform() - 1];
      const s = u * u + v * v;
      if (s > 0 && s < 1) return (u / Math.sqrt(s)) * Math.sqrt(-2 * Math.log(s));
    }
  };
  const wanted = Array.from({ length: 200 }, () => {
    const c = stream.uniform() < 3 / 8 ? 0 : 2;
    return [0, 1].map((k) => means[c]![k]! + Math.sqrt(variance[k]!) * normal());
  });
  near(drawn, wanted.flat(), 1e-9);
});

/** Weights of inputs along a stream: the source may be drawn anew before each of them. */
function along(evidence: V, { rho, hazard }: { rho: number; hazard: number }): V {
  let own = rho;
  return evidence.map((one) => {
    own = (1 - 2 * hazard) * own + 2 * hazard * rho;
    const odds = (own / (1 - own)) * Math.exp(one);
    return (own = odds / (1 + odds));
  });
}

test("the hazard that is chosen has the lowest loss on streams of the rows held out", () => {
  const classes = 3;
  const seen = new Set<number>();
  for (let seed = 0; seed < 24; seed++) {
    const count = 40;
    const stream = new Stream(fold(key(seed), "rows"));
    const labels = Array.from({ length: count }, (_, i) => (i < 28 ? 0 : i < 36 ? 1 : 2));
    const ratio = [0, 1, 2].map((c) => 3 * (labels.filter((label) => label === c).length + 1) / (count + 3)); // prettier-ignore
    const sharpness = [0.3, 1, 2.5][seed % 3]!;
    const lg = labels.map((label) => logSoftmaxOf([0, 1, 2].map((c) => (c === label ? sharpness : 0) + 2 * stream.uniform() - 1)));
    const ls = lg.map((row) => logSoftmaxOf(row.map((l, c) => l + Math.log(ratio[c]!))));
    const evidence = lg.map((row) => Math.log(sum(row.map((l, c) => ratio[c]! * Math.exp(l)))));
    // as in the federation each row counts 1 / r of its label: evenly over them
    const weights = labels.map((label) => 1 / ratio[label]!);
    const start = new Stream(fold(key(seed), "foreign")).uniform();
    const foreign = labels.map((_, i) => {
      const point = ((i + start) / count) * sum(weights);
      return weights.findIndex((_, row) => sum(weights.slice(0, row + 1)) >= point);
    });
    const sources = { local: Int32Array.from(labels, (_, i) => i), global: Int32Array.from(foreign) };
    const kinds = [0, 20, 1].map((turn) => coursesOf(sources, turn, fold(key(seed), "course", turn)));
    const rho = 0.4;
    const lossOf = (hazard: number): number =>
      sum(kinds.map((kind) => meanOf(kind.map(({ rows }) => {
        const h = along(rows.map((row) => evidence[row]!), { rho, hazard });
        return meanOf(rows.map((row, i) => -Math.log(h[i]! * Math.exp(ls[row]![labels[row]!]!) + (1 - h[i]!) * Math.exp(lg[row]![labels[row]!]!))));
      })))); // prettier-ignore
    const all = [0.05, 0.01, 0.02, 0.1, 0.2, 0.5];
    const losses = all.map(lossOf);
    const wanted = all[losses.indexOf(Math.min(...losses))]!;
    seen.add(wanted);
    const said = { ls: ls.flat(), lg: lg.flat(), labels, ratio: ratio.map(Math.log) };
    assert.is(chosenHazard(said, rho, key(seed)), wanted, `seed ${seed} of ${classes} classes`);
  }
  assert.ok(seen.size > 2, [...seen].join());
});

test("a stream's figures are of its rows in their order, own ones against foreign ones", () => {
  const others = { a: odd(initial.length, 24, 2), b: odd(initial.length, 25, 2) };
  const [rho, hazard] = [0.4, 0.1];
  const labels = [...rows(client), ...rows(client, "validation")].map(({ label }) => label);
  const ratio = [0, 1, 2].map((c) => (3 * (labels.filter((label) => label === c).length + 1)) / (labels.length + 3));
  const points: V[] = [];
  answersOf((x) => (points.push([...x]), x));
  const truth = [2, 0, 1, 2];
  const sources = { local: Int32Array.of(0, 1), global: Int32Array.of(0, 1, 2, 3) };
  for (const turn of [0, 1]) {
    const found = made("stream", { specialist: "a", generalist: "b", rho, hazard, turn }, { others, apart: false }).scores!;
    const told = { own: [] as number[], foreign: [] as number[] };
    for (const { rows, own } of coursesOf(sources, turn, fold(root, "stream"))) {
      const [ls, lg] = [others.a, others.b].map((p) => rows.map((row) => modelOf(p, points[row]!)));
      const h = along(lg!.map((row) => Math.log(sum(row.map((l, c) => ratio[c]! * Math.exp(l))))), { rho, hazard });
      rows.forEach((row, i) => {
        const label = truth[row]!;
        told[own[i]! ? "own" : "foreign"].push(-Math.log(h[i]! * Math.exp(ls![i]![label]!) + (1 - h[i]!) * Math.exp(lg![i]![label]!)));
      });
    }
    near([found.localNll, found.globalNll], [meanOf(told.own), meanOf(told.foreign)], 1e-6);
    assert.ok(Math.abs(found.localNll - found.globalNll) > 1e-3);
  }
});

test.run();
