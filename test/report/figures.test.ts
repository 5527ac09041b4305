import { figureFile, figureSvg } from "../../src/report/figure.ts";
import { clientGains, tally } from "../../src/report/figures/clients.ts";
import { accuracyCurve, lossCurves } from "../../src/report/figures/curves.ts";
import { classTrust, gateHistogram } from "../../src/report/figures/gate.ts";
import { parameterLines } from "../../src/report/figures/lines.ts";
import type { Series } from "../../src/report/figures/lines.ts";
import { methodPaths } from "../../src/report/figures/paths.ts";
import { plane } from "../../src/report/figures/plane.ts";
import { tradeOff } from "../../src/report/figures/tradeOff.ts";
import { openDocument } from "../../src/report/document.ts";
import { methodStyle } from "../../src/report/methods.ts";
import { pairClients } from "../../src/report/pairs.ts";
import type { ClientMetric, Metric } from "../../src/report/metrics.ts";
import { settingStat, sweepOf } from "../../src/report/sweep.ts";
import { assert, test } from "../support/suite.ts";
import { exampleRun, exampleTradeOff, fashionNames } from "./example.ts";
import { matchesGolden } from "./golden.ts";

const document = await openDocument();
const { metrics } = exampleTradeOff();
const { settings } = sweepOf([0.2, 0.6, 1].flatMap((p) => [1, 2, 3].map((seed) => exampleRun({ p, seed, optOut: 0 }))));
const series: Series[] = ["finetuned", "mixture"].map((method) => ({
  ...methodStyle(method),
  points: settings.flatMap((setting) => {
    const value = settingStat(setting, method, "globalTest");
    return value ? [{ at: Number(setting.values.get("p")), value }] : [];
  }),
}));

const result = (client: number, method: string, localTest: number): ClientMetric => ({
  kind: "client",
  client,
  method,
  optedOut: false,
  localTest,
  globalTest: 10,
  localNll: 1,
  globalNll: 1,
});

const figures = {
  plane: (metrics: readonly Metric[], width: number) => plane(metrics, { width }),
  "trade-off": (metrics: readonly Metric[], width: number) => tradeOff([metrics], { width }),
  "loss-curves": (metrics: readonly Metric[], width: number) => lossCurves(metrics, { width }),
  "accuracy-curve": (metrics: readonly Metric[], width: number) => accuracyCurve(metrics, { width }),
  "client-gains": (metrics: readonly Metric[], width: number) => clientGains(metrics, { width }),
  "gate-histogram": (metrics: readonly Metric[], width: number) => gateHistogram(metrics, { width }),
  "class-trust": (metrics: readonly Metric[], width: number) =>
    classTrust(metrics, { width, classNames: fashionNames }),
};

for (const [name, draw] of Object.entries(figures)) {
  test(`the figure ${name} is drawn as it was`, () => {
    matchesGolden(`${name}.svg`, figureFile(draw(metrics, 640), document));
  });

  test(`the figure ${name} is drawn whichever methods a run has`, () => {
    const of = (one: Metric): string | undefined => (one as { readonly method?: string }).method;
    const methods = new Set(metrics.flatMap((one) => of(one) ?? []));
    for (const method of methods)
      for (const some of [(one: Metric) => of(one) !== method, (one: Metric) => (of(one) ?? method) === method])
        assert.match(figureSvg(draw(metrics.filter(some), 640), document), /^<svg .*<\/svg>$/s);
  });

  test(`the figure ${name} is drawn before there is anything to draw`, () => {
    for (const width of [340, 640]) assert.match(figureSvg(draw([], width), document), /^<svg .*<\/svg>$/s);
  });

  test(`the figure ${name} has no number that is none, on one client and on many`, () => {
    for (const clients of [1, 100]) {
      const svg = figureSvg(draw(exampleTradeOff({ clients }).metrics, 340), document);
      assert.not.match(svg, /NaN|undefined|Infinity/);
    }
  });
}

test("the figures of a sweep are drawn as they were", () => {
  matchesGolden("method-paths.svg", figureFile(methodPaths(settings, "p"), document));
  const lines = parameterLines("Global test against p", "p", "Accuracy (%)", series);
  matchesGolden("parameter-lines.svg", figureFile(lines, document));
});

test("the figures of a sweep are drawn before there is anything to draw", () => {
  assert.match(figureSvg(methodPaths([], "p"), document), /<\/svg>$/);
  assert.match(figureSvg(parameterLines("title", "p", "y", []), document), /<\/svg>$/);
});

test("a figure says what it shows to those who cannot see it", () => {
  const svg = figureSvg(plane(metrics), document);
  assert.match(svg, /^<svg role="img" aria-description="Local: local [\d.]+ ± [\d.]+ %, global .*Mixture: local/);
  assert.match(svg, /aria-label="Local against global test accuracy"/);
  assert.match(svg, /<title>client 7, Mixture: local [\d.]+ %, global [\d.]+ %<\/title>/);
});

test("text from records cannot leave its place in the SVG", () => {
  const evil = '"><script>alert(1)</script>&';
  const svg = figureSvg(classTrust(metrics, { classNames: [evil] }), document);
  assert.not.match(svg, /<script/);
  assert.match(svg, /&quot;&gt;&lt;script&gt;alert\(1\)&lt;\/script&gt;&amp;/);
});

test("a method that nobody foresaw is drawn under its own name", () => {
  const record = metrics.find((metric): metric is ClientMetric => metric.kind === "client");
  const svg = figureSvg(plane(record ? [...metrics, { ...record, method: "ditto" }] : []), document);
  assert.match(svg, />ditto<\/text>/);
});

test("the client figure names everybody while there is room", () => {
  assert.match(figureSvg(clientGains(metrics), document), />client 2, opted out</);
  assert.not.match(figureSvg(clientGains(exampleRun({ clients: 100 }).metrics), document), />client 2, opted out</);
});

test("gains, harms and ties are counted", () => {
  const results = [50, 60, 70].flatMap((to, i) => [result(i, "local", 60), result(i, "mixture", to)]);
  assert.is(
    tally(pairClients(results, "local", "mixture"), "localTest", "local"),
    "1 of 3 clients gain over Local, 1 is harmed, 1 is even",
  );
});

test.run();
