import { openDocument } from "../../src/report/document.ts";
import type { RunRecords } from "../../src/report/records.ts";
import { renderRunReport } from "../../src/report/runReport.ts";
import { parseHTML } from "linkedom";
import { assert, test } from "../support/suite.ts";
import { exampleRun, exampleTradeOff } from "./example.ts";

const document = await openDocument();
const run = exampleRun();
const text = renderRunReport(run, document);
const page = parseHTML(text).document;
const all = (selector: string): Element[] => [...page.querySelectorAll(selector)];
const flat = (element: Element | null | undefined): string => (element?.textContent ?? "").replace(/\s+/g, " ").trim();

test("the page stands alone: no script, no link, no address, no font", () => {
  assert.is(all("script, link, img, iframe").length, 0);
  assert.not.match(text, /https?:|url\(|@import/);
});

test("the headline gives the mixture's numbers and its differences with their intervals", () => {
  const mixture = run.summary.methods["mixture"]!;
  const lead = flat(page.querySelector(".lead"));
  assert.match(
    lead,
    `The mixture answers ${mixture.localTest.mean.toFixed(1)} ± ${mixture.localTest.ci95.toFixed(1)} %`,
  );
  assert.match(lead, /Against a model trained alone on each client it wins on the local test \(\+\d+\.\d ± \d+\.\d\)/);
  assert.match(lead, /Against the fine-tuned generalist it does not differ clearly on the local test/);
});

test("every section is there", () => {
  assert.equal(all("h2").map(flat), ["Methods", "Learning", "Clients", "Gate", "Repeat"]);
  assert.is(all("figure").length, 6);
});

test("a run with curves has its trade-off, drawn and told by share of own inputs", () => {
  const { document: told } = parseHTML(renderRunReport(exampleTradeOff(), document));
  const headings = [...told.querySelectorAll("h2")].map(flat);
  assert.equal(headings, ["Methods", "Trade-off", "Learning", "Clients", "Gate", "Repeat"]);
  const section = [...told.querySelectorAll("section")].find((of) => flat(of.querySelector("h2")) === "Trade-off")!;
  const rows = [...section.querySelectorAll("tbody tr")].map(flat);
  assert.is(rows.length, 5);
  // the gate at 1/2 against the constant that is best on the mean of both tests
  const { metrics } = exampleTradeOff();
  const halfway = (method: string): number[] => {
    const curves = metrics.flatMap((metric) => (metric.kind === "curve" && metric.method === method ? [metric] : []));
    const sum = (i: number): number => curves.reduce((of, at) => of + (at.localTest[i]! + at.globalTest[i]!) / 2, 0);
    return Array.from({ length: 11 }, (_, i) => sum(i) / curves.length);
  };
  const more = halfway("posterior")[5]! - Math.max(...halfway("constantBlend"));
  assert.match(rows[2]!, `${more < 0 ? "−" : "+"}${Math.abs(more).toFixed(1)} ± `);
});

test("every figure is drawn for wide and for narrow screens and has a name", () => {
  for (const figure of all("figure")) {
    assert.is(figure.querySelectorAll(".wide > svg[role=img][aria-label]").length, 1);
    assert.is(figure.querySelectorAll(".narrow > svg[role=img][aria-label]").length, 1);
    assert.ok(flat(figure.querySelector("figcaption")).length > 20);
  }
});

test("the methods stand in the table with their intervals", () => {
  const rows = [...(page.querySelector("table")?.querySelectorAll("tbody tr") ?? [])].map(flat);
  assert.is(rows.length, 4);
  assert.match(rows[0] ?? "", /^Local ?\d+\.\d ± \d+\.\d ?\d+\.\d ± \d+\.\d$/);
  assert.match(rows[3] ?? "", /^Mixture/);
});

test("tables have headers for rows and columns", () => {
  for (const table of all("table")) {
    assert.ok(table.querySelectorAll("th[scope=col]").length >= 3);
    assert.is(table.querySelectorAll("th[scope=row]").length, table.querySelectorAll("tbody tr").length);
  }
});

test("the run can be repeated and recognised from the page", () => {
  assert.is(flat(page.querySelector("pre code")), run.summary.command);
  assert.is(flat(page.querySelector(".hash")), run.summary.weightsSha256);
  assert.equal(JSON.parse(page.querySelector("details code")?.textContent ?? ""), run.config);
});

test("a run that is only a summary still has a page", () => {
  const bare = parseHTML(renderRunReport({ ...run, metrics: [] }, document)).document;
  assert.equal([...bare.querySelectorAll("h2")].map(flat), ["Methods", "Repeat"]);
});

test("a summary read back from JSON, without intervals, has a page without strange numbers", () => {
  const single: RunRecords = JSON.parse(JSON.stringify(exampleRun({ clients: 1 })));
  assert.not.match(renderRunReport(single, document), /NaN|null ±|undefined/);
});

test("names from a foreign run folder stay text", () => {
  const evil = '<img src=x onerror="alert(1)">';
  const summary = { ...run.summary, preset: evil, dataset: evil, command: evil, runtime: evil, fidelity: evil };
  const config = { ...run.config, classNames: [evil], [evil]: evil };
  const metrics = run.metrics.map((metric) =>
    metric.kind === "client" && metric.method === "fedavg" ? { ...metric, method: evil } : metric,
  );
  const foreign = parseHTML(renderRunReport({ config, summary, metrics }, document)).document;
  assert.is(foreign.querySelectorAll("img").length, 0);
  assert.is(flat(foreign.querySelector("pre code")), evil);
});

test("the same records give the same page", () => {
  assert.is(renderRunReport(exampleRun(), document), text);
});

test("what clients were sent of each other has a column where a method has peers, and none elsewhere", () => {
  const took = { rounds: 3, bestRound: 2, down: 4e6, up: 2e6 };
  const rowsOf = (federations: NonNullable<RunRecords["summary"]["federations"]>): string[] => {
    const rendered = renderRunReport({ ...run, summary: { ...run.summary, federations } }, document);
    const tables = [...parseHTML(rendered).document.querySelectorAll("table")];
    const found = tables.find((one) => flat(one).includes("MB up"))!;
    const rows = [...found.querySelectorAll("tr")].map((row) =>
      [...row.querySelectorAll("th, td")].map(flat).join("|"),
    );
    return rows;
  };
  assert.equal(rowsOf({ gossip: { ...took, peer: 3e6 }, ditto: took }), [
    "Method|Rounds|Kept|MB down|MB up|MB of peers",
    "gossip|3|2|4.0|2.0|3.0",
    "ditto|3|2|4.0|2.0|",
  ]);
  assert.is(rowsOf({ ditto: took })[0], "Method|Rounds|Kept|MB down|MB up");
});

test.run();
