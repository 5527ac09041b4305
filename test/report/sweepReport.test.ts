import { parseHTML } from "linkedom";
import { openDocument } from "../../src/report/document.ts";
import { renderSweepReport } from "../../src/report/sweepReport.ts";
import { assert, test } from "../support/suite.ts";
import { exampleRun } from "./example.ts";

const document = await openDocument();
const flat = (element: Element | null | undefined): string => (element?.textContent ?? "").replace(/\s+/g, " ").trim();
const open = (text: string): Document => parseHTML(text).document;

test("a sweep over p has the picture, both accuracies, and a row per setting in every table", () => {
  const runs = [0.2, 0.6, 1].flatMap((p) => [1, 2, 3].map((seed) => exampleRun({ p, seed, optOut: 0 })));
  const text = renderSweepReport(runs, document);
  const page = open(text);
  assert.match(flat(page.querySelector("header")), "9 runs · 3 settings · 3 seeds (1, 2, 3)");
  assert.equal([...page.querySelectorAll("h2")].map(flat), ["p", "Settings", "Repeat"]);
  assert.equal([...page.querySelectorAll("h3")].map(flat), [
    "Local against global test accuracy as p varies",
    "Local test against p",
    "Global test against p",
  ]);
  const tables = [...page.querySelectorAll("table")];
  assert.equal(
    tables.map((table) => table.querySelectorAll("tbody tr").length),
    [3, 3, 3, 3, 3, 9],
  );
  assert.match(flat(tables[0]?.querySelector("tbody tr")), /^p = 0\.2 ?3 ?\d+\.\d ± /);
  assert.match(flat(page.querySelector("figcaption")), "3 seeds; 95 % intervals over seeds.");
  assert.not.match(text, /NaN|undefined|https?:|<script/);
});

test("where the opt-out varies, sharing and opted-out clients are drawn apart", () => {
  const runs = [0.25, 0.5].flatMap((optOut) => [0.3, 0.6].map((p) => exampleRun({ p, optOut })));
  const page = open(renderSweepReport(runs, document));
  const apart = [...page.querySelectorAll("figure")].filter((figure) => /sharing/.test(flat(figure)));
  assert.is(apart.length, 4);
  assert.match(
    flat(apart[0]?.querySelector("figcaption")),
    /^At p = 0\.3\. One seed; 95 % intervals over its clients\./,
  );
});

test("the headline counts settings, not runs", () => {
  const runs = [1, 2, 3].map((seed) => exampleRun({ seed }));
  const lead = flat(open(renderSweepReport(runs, document)).querySelector(".lead"));
  const counts = (lead.match(/\d+(?=[, ]|\.)/g) ?? []).map(Number);
  assert.match(lead, "of 1 settings");
  assert.is((counts[0] ?? 0) + (counts[1] ?? 0) + (counts[2] ?? 0), 1);
});

test("what gates do has a row for every setting and gate", () => {
  const of = (mean: number) => ({ mean, std: 0, ci95: 0 });
  const runs = [0.2, 1].map((p) => {
    const run = exampleRun({ p });
    const gates = { mixture: { own: of(p), other: of(0.4), spread: of(0.05) } };
    return { ...run, summary: { ...run.summary, gates } };
  });
  const tables = [...open(renderSweepReport(runs, document)).querySelectorAll("table")];
  const gates = tables.find((table) => /Own classes/.test(flat(table)))!;
  const rows = [...gates.querySelectorAll("tbody tr")].map((row) => [...row.querySelectorAll("td, th")].map(flat));
  assert.equal(rows, [
    ["p = 0.2", "Mixture", "0.200 ± 0.000", "0.400 ± 0.000", "0.050 ± 0.000"],
    ["p = 1", "Mixture", "1.000 ± 0.000", "0.400 ± 0.000", "0.050 ± 0.000"],
  ]);
});

test("no runs at all are still a page", () => {
  assert.match(renderSweepReport([], document), /<\/html>\s*$/);
});

test.run();
