// Figures of awkward runs: whatever came out, no text leaves its figure, labels do not cover each other, and no label covers a mean.
import { comparedAccuracies, comparedLosses } from "../../src/report/figures/compared.ts";
import { accuracyCurve, lossCurves } from "../../src/report/figures/curves.ts";
import { gateHistogram } from "../../src/report/figures/gate.ts";
import { plane } from "../../src/report/figures/plane.ts";
import type { ClientMetric, Metric, RoundMetric } from "../../src/report/metrics.ts";
import { assert, test } from "../support/suite.ts";
import { type Box, drawn, overlap } from "./boxes.ts";

const paper = ["local", "fedavg", "finetuned", "mixture"];
const many = "fedprox scaffold ditto fedrep fedper fedbn apfl pfedme perfedavg ifca hypcluster fedmedian krum lgfedavg fedbabu fedrod".split(" "); // prettier-ignore

type Places = (client: number, method: number) => readonly [local: number, global: number];

function clients(methods: readonly string[], count: number, at: Places): ClientMetric[] {
  return methods.flatMap((method, m) =>
    Array.from({ length: count }, (_, client): ClientMetric => {
      const [localTest, globalTest] = at(client, m);
      return { kind: "client", client, method, optedOut: false, localTest, globalTest, localNll: 1, globalNll: 1 };
    }),
  );
}

function rounds(
  methods: readonly (string | undefined)[],
  count: number,
  loss: (round: number, method: number) => number,
): RoundMetric[] {
  return methods.flatMap((method, m) =>
    Array.from({ length: count }, (_, round): RoundMetric => ({
      kind: "round",
      ...(method && { method }),
      round,
      clients: [0],
      trainLoss: loss(round, m),
      validationLoss: loss(round, m) * 1.1,
      validationAccuracy: Math.min(100, 40 + 7 * m + round),
      best: round === count - 1,
      seconds: 1,
    })),
  );
}

const runs: Readonly<Record<string, readonly Metric[]>> = {
  "three clients": clients(paper, 3, (i, m) => [50 + 9 * i + m, 40 + 11 * ((i * m) % 3)]),
  "one client": clients(paper, 1, (_, m) => [60 + 5 * m, 50 + 5 * m]),
  "all methods in one place": clients(paper, 20, () => [70, 70]),
  "all methods nearly in one place": clients(paper, 20, (i, m) => [70 + (i % 5) + 0.1 * m, 70 + (i % 3)]),
  "everything right": clients(paper, 5, () => [100, 100]),
  "everything wrong": clients(paper, 5, () => [0, 0]),
  "at the right edge": clients(paper, 8, (i, m) => [97 + m + i / 10, 20 + m * 20]),
  "twenty methods": clients([...paper, ...many], 12, (i, m) => [45 + 2 * m + (i % 4), 40 + ((m * 7) % 40) + (i % 3)]),
  "twenty methods in a heap": clients([...paper, ...many], 12, (i, m) => [
    60 + (m % 4) + (i % 2),
    55 + (m % 3) + (i % 3),
  ]),
  "one round": rounds([undefined], 1, () => 2.3),
  "two rounds": rounds([undefined], 2, (round) => 2 - round),
  "a loss that explodes": rounds([undefined], 30, (round) => 1.7 ** round),
  "a loss of nearly nothing": rounds([undefined], 30, (round) => 1e-5 / (round + 1)),
  "losses that tie": rounds(paper, 12, () => 1),
  "twenty federations": rounds([...paper, ...many], 10, (round, m) => 2 / (round + 1) + m / 50),
  "the best round first": rounds([undefined], 40, (round) => 1 + round / 10).map((one) => ({
    ...one,
    best: one.round === 0,
  })),
  "three clients, one of them far off": clients(paper, 3, (i, m) => (i === 2 ? [2, 3] : [95 + m, 90 + m])),
  "two methods that tie on one test": clients(["local", "mixture"], 10, (i, m) => [60 + i, 40 + 20 * m]),
  "a single method": clients(["ditto"], 6, (i) => [60 + i, 50 - i]),
  "a method with a long name": clients(["labelLaw", "pooled", "streamAlternating", "constantBlend"], 6, (i, m) => [
    92 + m + i / 5,
    50 + i,
  ]),
  "a hundred clients at both ends": clients(paper, 100, (i, m) => [i % 2 ? 100 : 0, (i + m) % 2 ? 100 : 0]),
  "losses too large to be told apart": rounds(paper, 5, (round, m) => 1e30 * (round + 1) + m),
  "a loss that stands still": rounds([undefined], 50, () => Math.LN10),
  "a hundred thousand rounds, of which three were told": [0, 50_000, 99_999].map((round, i) => ({
    ...rounds([undefined], 1, () => 2 - i / 2)[0]!,
    round,
  })),
  "a federation that told no loss": rounds([undefined], 6, () => NaN),
  "two federations of unlike length": [
    ...rounds(["fedavg"], 3, (round) => 2 - round / 2),
    ...rounds(["ditto"], 80, (round) => 1 / (round + 1)),
  ],
  "the best round last": rounds([undefined], 40, (round) => 3 - round / 20),
  "a gate that is a constant": gates(() => [0, 0, 100, 0, 0]),
  "a gate at its ends": gates((side) => (side === "own" ? [0, 0, 0, 0, 100] : [100, 0, 0, 0, 0])),
  "a gate of a single client": gates(() => [20, 20, 20, 20, 20]).slice(0, 1),
};

function gates(of: (side: "own" | "other") => readonly number[]): Metric[] {
  return [0, 1, 2].map((client) => ({
    kind: "gate",
    client,
    own: of("own"),
    other: of("other"),
    perClass: [0.5, 0.5],
  }));
}

const figures = { plane, lossCurves, accuracyCurve, comparedLosses, comparedAccuracies, gateHistogram };
const wanted: Readonly<Record<string, readonly (keyof typeof figures)[]>> = {
  client: ["plane"],
  round: ["lossCurves", "accuracyCurve", "comparedLosses", "comparedAccuracies"],
  gate: ["gateHistogram"],
};

// a pixel or two are the measure's own error
const slack = 2;

function said({ what, left, right, top, bottom }: Box): string {
  return `${what} [${[left, right, top, bottom].map(Math.round)}]`;
}

for (const [name, metrics] of Object.entries(runs))
  for (const figure of wanted[metrics[0]!.kind]!)
    for (const width of [340, 640])
      test(`${figure} of ${name}, ${width} px wide: labels stay inside and apart`, () => {
        const { texts, means, height, ...rest } = drawn(figures[figure](metrics, { width }));
        assert.is(rest.width, width);
        assert.ok(texts.length > 0);
        // where no number came out, nothing is named that would have had one
        for (const { what } of texts) assert.not.match(what, /NaN|–$/);
        for (const box of texts)
          assert.ok(
            box.left >= -slack && box.right <= width + slack && box.top >= -slack && box.bottom <= height + slack,
            `${said(box)} leaves ${width} x ${height}`,
          );
        const ticks = texts.filter(({ group }) => group === "x-axis tick label");
        // of rounds there are whole ones only
        if (metrics[0]!.kind === "round") for (const { what } of ticks) assert.match(what, /^[\d,]+$/);
        const labels = texts.filter(({ group }) => group === "text");
        const all = [...labels, ...texts.filter(({ group }) => group.endsWith("tick label"))];
        for (const a of labels)
          for (const b of all.slice(all.indexOf(a) + 1))
            assert.ok(overlap(a, b) <= slack + 1, `${said(a)} covers ${said(b)}`);
        for (const a of labels)
          for (const mean of means) assert.ok(overlap(a, mean) <= 4, `${said(a)} covers the mean at ${said(mean)}`);
      });

test.run();
