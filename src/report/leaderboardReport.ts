// A comparison as a page: who is ahead in each setting, by how much, at whose expense and at what price.
import { plane } from "./figures/plane.ts";
import { html } from "./html.ts";
import type { Html, HtmlPart } from "./html.ts";
import { type Board, type Leaderboard, leaderboard } from "./leaderboard.ts";
import type { Figure, Line } from "./line.ts";
import { floors, methodStyle } from "./methods.ts";
import { duration, fixed, plusMinus, signed } from "./numbers.ts";
import { figure, page, table } from "./page.ts";
import type { RunRecords, Stat } from "./records.ts";
import type { FailedRun } from "./sweepReport.ts";
import { distinct } from "./sweep.ts";

/** What a leaderboard tells besides. */
export interface LeaderboardOptions {
  /** A validation accuracy in percent that rounds and bytes are counted to. */
  readonly target?: number | undefined;
  /** Runs that have no result. */
  readonly failed?: readonly FailedRun[];
}

/** The whole comparison as one self-contained page. Figures are drawn in `document`; see openDocument. */
export function renderLeaderboard(
  runs: readonly RunRecords[],
  document: Document,
  { target, failed = [] }: LeaderboardOptions = {},
): string {
  const found = leaderboard(runs, target);
  const { summary } = runs[0]!;
  const seeds = [...new Set(runs.map((run) => run.summary.seed))].toSorted((a, b) => a - b);
  return page(
    `moiety: comparison, ${summary.dataset}`,
    html`<header>
        <h1>Methods compared on ${summary.dataset}</h1>
        <p class="quiet">
          ${runs.length} runs · ${found.boards.length} ${found.boards.length === 1 ? "setting" : "settings"} · seeds
          ${seeds.join(", ")}
        </p>
      </header>
      <p>
        Every figure is of the moment that validation chose, and where a method ran with several options, of those whose
        validation loss was lowest; test rows choose nothing. Intervals are 95 %: of accuracies over seeds (over clients
        where there is one seed), of differences over clients and seeds, paired. Rows that cost nothing are floors.
      </p>
      ${failed.length > 0 && failures(failed)} ${found.boards.length > 1 && ranksTable(found)}
      ${found.boards.map((board) => boardSection(board, runs, document))}`,
  );
}

function failures(failed: readonly FailedRun[]): Html {
  return html`<p>
    ${failed.length} runs have no result: ${failed.map(({ name, reason }) => `${name} (${reason})`).join("; ")}
  </p>`;
}

function swatch(method: string): Html {
  const { color, label } = methodStyle(method);
  return html`<span class="swatch" style="background: ${color}"></span
    >${label}${floors.includes(method) && " (floor)"}`;
}

function ranksTable({ ranks, boards }: Leaderboard): Html {
  return html`<section>
    <h2>Ranks</h2>
    ${table(
      "Mean place over the settings, and the place on the local test in each; 1 is best.",
      ["Method", "Local test", "Global test", ...boards.map(({ setting }) => setting)],
      ranks.map(({ method, local, global, places }) => [
        swatch(method),
        fixed(local),
        fixed(global),
        ...places.map((place) => fixed(place, place % 1 === 0 ? 0 : 1)),
      ]),
    )}
  </section>`;
}

function boardSection(board: Board, runs: readonly RunRecords[], document: Document): Html {
  const { lines, setting, clients, target } = board;
  const first = runs.filter(({ summary }) => summary.seed === runs[0]!.summary.seed);
  const shown = new Set(lines.map(({ method }) => method));
  const metrics = distinct(first)
    .flatMap((run) => run.metrics)
    .filter((one) => one.kind === "client" && shown.has(one.method));
  return html`<section>
    <h2>${setting}</h2>
    ${table(
      `Accuracy in percent, difference to FedAvg in points, over ${clients} clients. “Harmed” is the share of clients that are worse off on their local test than with their own local model, and than with FedAvg.`,
      [
        "Method",
        "Seeds",
        "Local test",
        "Global test",
        "− FedAvg, local",
        "− FedAvg, global",
        "Harmed: local",
        "FedAvg",
      ],
      lines.map((line) => [
        named(line),
        line.seeds,
        plusMinus(line.localTest),
        plusMinus(line.globalTest),
        change(line.overFedavg?.local),
        change(line.overFedavg?.global),
        percent(line.harmed.local),
        percent(line.harmed.fedavg),
      ]),
    )}
    ${
      runs.length > 0 &&
      board.setting === "all runs" &&
      figure(
        (options) => plane(metrics, options),
        "Faint points are clients, large ones the methods’ means with 95 % intervals over clients, of the first seed.",
        document,
      )
    }
    ${spreadTable(lines)} ${figuresTable(lines)} ${clockTable(lines)} ${costTable(lines, target)}
  </section>`;
}

/** How methods serve their clients, from the worst served to the best. */
export function spreadTable(lines: readonly Line[]): Html {
  const some = (has: (line: Line) => unknown): boolean => lines.some((line) => has(line) !== undefined);
  return table(
    `Local test over clients: every client alike, by its test rows, and the tenth of the clients that it serves worst and best; the gap is between these two.${some(({ strangers }) => strangers) ? " Strangers took no part in the federation." : ""}`,
    [
      "Method",
      "Plain",
      "By rows",
      "Worst tenth",
      "Median",
      "Best tenth",
      "Gap",
      ...(some(({ strangers }) => strangers) ? ["Strangers"] : []),
      ...(some(({ rand }) => rand) ? ["Clusters: ARI"] : []),
    ],
    lines.map(({ method, spread, strangers, rand }) => [
      swatch(method),
      fixed(spread.plain.mean),
      fixed(spread.weighted),
      fixed(spread.worstTenth),
      fixed(spread.median),
      fixed(spread.bestTenth),
      fixed(spread.bestTenth - spread.worstTenth),
      ...(some((line) => line.strangers) ? [strangers ? plusMinus(strangers) : "–"] : []),
      ...(some((line) => line.rand) ? [fixed(rand, 2)] : []),
    ]),
  );
}

/** Figures other than accuracy. */
export function figuresTable(lines: readonly Line[]): Html {
  return table(
    "Macro-F1 and area under the ROC curve (one class against the rest) in percent, negative log-likelihood in nats, calibration error in percent; local / global test.",
    ["Method", "F1", "AUC", "NLL", "ECE"],
    lines.map(({ method, figures }) => [
      swatch(method),
      both(figures, "localF1", "globalF1", 1),
      both(figures, "localAuc", "globalAuc", 1),
      both(figures, "localNll", "globalNll", 2),
      both(figures, "localEce", "globalEce", 1),
    ]),
  );
}

function named({ method, chosen, candidates }: Line): Html {
  const options = [...(chosen ? [chosen] : []), ...(candidates > 1 ? [`best of ${candidates} by validation`] : [])];
  return html`${swatch(method)}${options.length > 0 && html` <span class="quiet">${options.join(", ")}</span>`}`;
}

function change(value: Stat | undefined): string {
  return value ? plusMinus(value, 1, signed) : "–";
}

function percent(share: number | undefined): string {
  return share === undefined ? "–" : `${fixed(100 * share, 0)} %`;
}

function both(figures: Line["figures"], local: Figure, global: Figure, digits: number): string {
  return `${fixed(figures[local], digits)} / ${fixed(figures[global], digits)}`;
}

const models = [
  { model: "global", label: "Everybody’s" },
  { model: "before", label: "Own, before a turn" },
  { model: "after", label: "Own, after it" },
  { model: "mixed", label: "Both mixed" },
] as const;

/** Which model, and when. */
export function clockTable(lines: readonly Line[]): Html | false {
  const rows = lines.flatMap(({ method, clock, bestOnTest }) => {
    const of = (moment: "validated" | "last"): HtmlPart[] =>
      models.map(({ model }) => {
        const found = clock.find((one) => one.moment === moment && one.model === model);
        return found ? `${fixed(found.local.mean)} / ${fixed(found.global.mean)}` : "–";
      });
    if (clock.length === 0) return [];
    const best = bestOnTest
      ? [["best by the test", "–", `${fixed(bestOnTest.localWeighted)} / ${fixed(bestOnTest.global)}`, "–", "–"]]
      : [];
    return [["validated", ...of("validated")], ["last", ...of("last")], ...best].map(([moment, ...cells], i) => [
      i === 0 ? swatch(method) : "",
      moment!,
      ...cells,
    ]);
  });
  return (
    rows.length > 0 &&
    table(
      "Local / global test accuracy by the clock: which model, and when. “Best by the test” is the highest mean over rounds, on the local test weighted by rows, as published tables have it; nobody could choose it.",
      ["Method", "Moment", ...models.map(({ label }) => label)],
      rows,
    )
  );
}

function costTable(lines: readonly Line[], target: number | undefined): Html | false {
  const peers = lines.some(({ cost }) => cost?.peer !== undefined);
  const rows = lines.flatMap(({ method, cost, target: to, seeds }) => {
    if (!cost) return [];
    const of = to && to.reached > 0 ? `${to.reached} of ${seeds}` : to ? `0 of ${seeds}` : "–";
    return [
      [
        swatch(method),
        fixed(cost.rounds),
        fixed(cost.kept),
        fixed(cost.down / 1e6),
        fixed(cost.up / 1e6),
        ...(peers ? [cost.peer === undefined ? "–" : fixed(cost.peer / 1e6)] : []),
        duration(cost.seconds),
        ...(target === undefined ? [] : [of, fixed(to?.rounds), fixed(to?.megabytes)]),
      ],
    ];
  });
  return (
    rows.length > 0 &&
    table(
      `What the federations took, a mean over seeds: megabytes are of the vectors that clients were sent to train with and that they sent${peers ? "; MB of peers are those down that other clients had sent as they are" : ""}.${target === undefined ? "" : ` The target is ${fixed(target)} % on validation rows.`}`,
      [
        "Method",
        "Rounds",
        "Kept",
        "MB down",
        "MB up",
        ...(peers ? ["MB of peers"] : []),
        "Time",
        ...(target === undefined ? [] : ["Seeds at target", "Rounds to it", "MB to it"]),
      ],
      rows,
    )
  );
}
