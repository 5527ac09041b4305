// The report of a sweep: the paper's picture with intervals, accuracy against every varied parameter, and where the
// mixture wins, ties or harms.
import { parameterLines } from "./figures/lines.ts";
import type { Series } from "./figures/lines.ts";
import { methodPaths } from "./figures/paths.ts";
import { html } from "./html.ts";
import type { Html } from "./html.ts";
import { methodOrder, methodStyle } from "./methods.ts";
import { duration, fixed, plusMinus, signed } from "./numbers.ts";
import { figure, page, table } from "./page.ts";
import { pairClients } from "./pairs.ts";
import type { RunRecords, Stat } from "./records.ts";
import {
  distinct,
  advantage,
  focusOfRuns,
  overSeeds,
  parameterLabel,
  partStat,
  settingName,
  settingStat,
  slices,
  sweepOf,
} from "./sweep.ts";
import type { Setting, Sweep, Test } from "./sweep.ts";

const tests = [
  { test: "localTest", label: "Local test" },
  { test: "globalTest", label: "Global test" },
] as const;

/** A run of a sweep that ended without a result, and why. */
export interface FailedRun {
  /** What its folder is called. */
  readonly name: string;
  /** Why it has no result. */
  readonly reason: string;
}

/** The whole report as one self-contained page. Figures are drawn in `document`; see openDocument. */
export function renderSweepReport(
  all: readonly RunRecords[],
  document: Document,
  failed: readonly FailedRun[] = [],
): string {
  const runs = distinct(all);
  const sweep = sweepOf(runs);
  const methods = methodOrder(runs.flatMap(({ summary }) => Object.keys(summary.methods)));
  const numeric = sweep.parameters.filter((name) =>
    sweep.settings.every(({ values }) => typeof values.get(name) === "number"),
  );
  const [first] = runs;
  const common = (["preset", "dataset", "fidelity"] as const).filter(
    (name) => first && !sweep.parameters.includes(name),
  );
  const subject = [...new Set(common.map((name) => first?.summary[name]))].join(", ");
  const seconds = runs.reduce((sum, { summary }) => sum + summary.wallSeconds, 0);
  return page(
    "moiety: sweep",
    html`<header>
        <h1>Sweep${subject && ` of ${subject}`}</h1>
        <p class="quiet">
          ${runs.length} runs · ${sweep.settings.length} settings · ${seedsOf(runs)} · ${duration(seconds)}
        </p>
      </header>
      ${headline(sweep)} ${numeric.map((parameter) => parameterSection(sweep, parameter, methods, document))}
      <section>
        <h2>Settings</h2>
        ${tests.map(({ test, label }) => accuracyTable(sweep, methods, test, label))} ${differenceTable(sweep)}
        ${calibrationTables(sweep, methods)} ${gateTable(sweep)}
      </section>
      ${
        failed.length > 0 &&
        html`<section>
          <h2>Without a result</h2>
          ${table(
            `${failed.length} ${failed.length === 1 ? "run" : "runs"} ended without a result and count nowhere.`,
            ["Run", "Reason"],
            failed.map(({ name, reason }) => [name, reason]),
          )}
        </section>`
      }
      <section>
        <h2>Repeat</h2>
        ${table(
          "Every run by the command that repeats it.",
          ["Command", "Weights SHA-256"],
          runs.map(({ summary }) => [
            html`<code>${summary.command}</code>`,
            html`<code>${summary.weightsSha256.slice(0, 12)}</code>`,
          ]),
        )}
      </section>`,
  );
}

function seedsOf(runs: readonly RunRecords[]): string {
  const seeds = [...new Set(runs.map(({ summary }) => summary.seed))].toSorted((a, b) => a - b);
  return seeds.length === 1 ? `one seed (${seeds[0]})` : `${seeds.length} seeds (${seeds.join(", ")})`;
}

function headline({ settings }: Sweep): Html | null {
  const focus = focusOfRuns(settings.flatMap(({ runs }) => runs));
  const over = focus.against.at(-1);
  if (over === undefined) return null;
  const count = (test: Test): Html => {
    const stats = settings.flatMap((setting) => advantage(setting, focus.method, over, test) ?? []);
    const wins = stats.filter(({ mean, ci95 }) => mean - ci95 > 0).length;
    const losses = stats.filter(({ mean, ci95 }) => mean + ci95 < 0).length;
    return html`wins in <span class="number">${wins}</span>, loses in <span class="number">${losses}</span> and does not
      differ clearly in <span class="number">${stats.length - wins - losses}</span>`;
  };
  return html`<p class="lead">
    Against ${over === "finetuned" ? "the fine-tuned generalist" : methodStyle(over).label}, paired by client,
    ${focus.method === "mixture" ? "the mixture" : methodStyle(focus.method).label} ${count("localTest")} of
    ${settings.length} settings on the local test; on the global test it ${count("globalTest")}.
  </p>`;
}

function parameterSection(sweep: Sweep, parameter: string, methods: readonly string[], document: Document): Html {
  const name = parameterLabel(parameter);
  return html`<section>
    <h2>${name}</h2>
    ${slices(sweep, parameter).map((slice) => sliceFigures(slice, parameter, methods, document, sweep.parameters.length > 1))}
  </section>`;
}

function sliceFigures(
  slice: readonly Setting[],
  parameter: string,
  methods: readonly string[],
  document: Document,
  isOneOfMany: boolean,
): Html {
  const name = parameterLabel(parameter);
  const [head] = slice;
  const where = head && isOneOfMany ? `At ${settingName(head, parameter)}. ` : "";
  const caption = `${where}${intervals(slice)}`;
  return html`${figure((options) => methodPaths(slice, parameter, options), caption, document)}
  ${tests.map(({ test, label }) =>
    figure(
      (options) =>
        parameterLines(
          `${label} against ${name}`,
          name,
          "Accuracy (%)",
          series(slice, parameter, methods, test),
          options,
        ),
      caption,
      document,
    ),
  )}
  ${tests.map(({ test, label }) => {
    const parts = optOutSeries(slice, parameter, test);
    return (
      parts.length > 0 &&
      figure(
        (options) =>
          parameterLines(`${label} of sharing and of opted-out clients`, name, "Accuracy (%)", parts, options),
        html`${caption} Dashed: clients that opted out of the federation.`,
        document,
      )
    );
  })}`;
}

function intervals(settings: readonly Setting[]): string {
  const seeds = settings.map(({ runs }) => runs.length);
  const fewest = Math.min(...seeds);
  const most = Math.max(...seeds);
  if (most === 1) return "One seed; 95 % intervals over its clients.";
  const count = fewest === most ? `${most} seeds` : `${fewest} to ${most} seeds`;
  return `${count}; 95 % intervals over seeds${fewest === 1 ? ", over clients where there is one" : ""}.`;
}

function series(slice: readonly Setting[], parameter: string, methods: readonly string[], test: Test): Series[] {
  return methods.map((method) => ({
    ...methodStyle(method),
    points: pointsOf(slice, parameter, (setting) => settingStat(setting, method, test)),
  }));
}

// fine-tuning and mixture for those who share and for those who do not, as the part that does not grows
function optOutSeries(slice: readonly Setting[], parameter: string, test: Test): Series[] {
  if (parameter !== "optOut") return [];
  const { method: focus, against } = focusOfRuns(slice.flatMap(({ runs }) => runs));
  const both = [...against.slice(-1), focus].flatMap((method) =>
    [false, true].map((out) => ({
      ...methodStyle(method),
      label: `${methodStyle(method).label}, ${out ? "out" : "in"}`,
      dashed: out,
      points: pointsOf(slice, parameter, (setting) =>
        partStat(setting, method, test, ({ optedOut }) => optedOut === out),
      ),
    })),
  );
  return both.some(({ dashed, points }) => dashed && points.length > 0) ? both : [];
}

function pointsOf(
  slice: readonly Setting[],
  parameter: string,
  statOf: (setting: Setting) => Stat | undefined,
): Series["points"] {
  return slice.flatMap((setting) => {
    const value = statOf(setting);
    return value ? [{ at: Number(setting.values.get(parameter)), value }] : [];
  });
}

function accuracyTable({ settings }: Sweep, methods: readonly string[], test: Test, label: string): Html {
  return table(
    `${label} accuracy in percent. ${intervals(settings)}`,
    ["Setting", "Seeds", ...methods.map((method) => methodStyle(method).label)],
    settings.map((setting) => [
      settingName(setting),
      setting.runs.length,
      ...methods.map((method) => statCell(settingStat(setting, method, test))),
    ]),
  );
}

function statCell(value: Stat | undefined): string {
  return value ? plusMinus(value) : "–";
}

function differenceTable({ settings }: Sweep): Html | null {
  const { method, against } = focusOfRuns(settings.flatMap(({ runs }) => runs));
  const [first] = against;
  const over = against.at(-1);
  if (first === undefined || over === undefined) return null;
  const [it, other] = [method, over].map((name) => methodStyle(name).label);
  return table(
    `${it} − ${other!.toLowerCase()} in points, paired by client over all seeds; and how many clients are harmed, that is better off with ${first === "local" ? "their own local model" : methodStyle(first).label} on the local test.`,
    ["Setting", "Local test", "Global test", "Harmed"],
    settings.map((setting) => {
      const pairs = setting.runs.flatMap(({ metrics }) => pairClients(metrics, first, method));
      const harmed = pairs.filter(({ from, to }) => to.localTest < from.localTest).length;
      return [
        settingName(setting),
        differenceCell(setting, method, over, "localTest"),
        differenceCell(setting, method, over, "globalTest"),
        pairs.length ? `${harmed} of ${pairs.length}` : "–",
      ];
    }),
  );
}

function differenceCell(setting: Setting, method: string, over: string, test: Test): string {
  const value = advantage(setting, method, over, test);
  return value ? plusMinus(value, 1, signed) : "–";
}

const calibrations = [
  { name: "Negative log-likelihood in nats", local: "localNll", global: "globalNll", digits: 2 },
  { name: "Expected calibration error in percent", local: "localEce", global: "globalEce", digits: 1 },
] as const;

function calibrationTables({ settings }: Sweep, methods: readonly string[]): Html[] {
  return calibrations.flatMap(({ name, local, global, digits }) => {
    const cells = settings.map((setting) =>
      methods.map((method) => {
        const stats = setting.runs.flatMap(({ summary }) => summary.methods[method] ?? []);
        const means = [local, global].map((key) => meanOf(stats.map((result) => result[key]?.mean ?? NaN)));
        return means.every(Number.isFinite) ? means.map((mean) => fixed(mean, digits)).join(" / ") : "–";
      }),
    );
    if (cells.flat().every((text) => text === "–")) return [];
    return table(
      `${name}, local / global test, mean over seeds; less is better.`,
      ["Setting", ...methods.map((method) => methodStyle(method).label)],
      settings.map((setting, i) => [settingName(setting), ...(cells[i] ?? [])]),
    );
  });
}

function gateTable({ settings }: Sweep): Html | false {
  const rows = settings.flatMap((setting) => {
    const gates = setting.runs.flatMap(({ summary }) => (summary.gates ? [summary.gates] : []));
    return Object.keys(gates[0] ?? {}).map((name) => {
      const over = (part: "own" | "other" | "spread"): string =>
        plusMinus(overSeeds(gates.flatMap((gate) => gate[name]?.[part] ?? []))!, 3);
      return [settingName(setting), methodStyle(name).label, over("own"), over("other"), over("spread")];
    });
  });
  return (
    rows.length > 0 &&
    table(
      `What gates do on the global test: mean weight of the specialist on a client's own and on other classes, and its standard deviation within a client. ${intervals(settings)}`,
      ["Setting", "Gate", "Own classes", "Other classes", "Spread"],
      rows,
    )
  );
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
