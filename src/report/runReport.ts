// The report of one run: a headline, the paper's picture, and everything needed to doubt and to repeat it.
import { accuracyCurve, lossCurves } from "./figures/curves.ts";
import { clientGains, tally } from "./figures/clients.ts";
import { classTrust, gateHistogram } from "./figures/gate.ts";
import { plane } from "./figures/plane.ts";
import { tradeOff } from "./figures/tradeOff.ts";
import { html } from "./html.ts";
import type { Html } from "./html.ts";
import { leaderboard } from "./leaderboard.ts";
import { clockTable, figuresTable, spreadTable } from "./leaderboardReport.ts";
import { loadsTable } from "./loads.ts";
import { focusOf, methodOrder, methodStyle } from "./methods.ts";
import { methodsTable, swatch, taskHeadline } from "./methodsTable.ts";
import { duration, fixed, plusMinus, signed } from "./numbers.ts";
import { figure, page, table } from "./page.ts";
import { difference, pairClients } from "./pairs.ts";
import type { RunRecords, Stat, Summary } from "./records.ts";
import type { Metric } from "./metrics.ts";
import { taskFigures } from "./tasks.ts";
import { sharesRows } from "./tradeOff.ts";

/** The whole report as one self-contained page. Figures are drawn in `document`; see openDocument. */
export function renderRunReport(run: RunRecords, document: Document): string {
  const { summary, metrics } = run;
  const task = taskFigures(summary);
  // a share of variance has no least, and figures of accuracies end at 0
  const isShare = summary.task !== "regression";
  const has = (kind: string): boolean => metrics.some((metric) => metric.kind === kind);
  return page(
    `moiety: ${runName(summary)}`,
    html`<header>
        <h1>${subject(summary)}</h1>
        <p class="quiet">${setting(summary)}</p>
      </header>
      ${task ? taskHeadline(summary, task) : headline(run)}
      ${
        has("client") &&
        isShare &&
        figure(
          (options) => plane(metrics, options),
          html`Faint points are clients, large ones the methods’ means with 95 % intervals over
          ${summary.evaluatedClients} clients, one seed. Up and right is better.`,
          document,
        )
      }
      ${methodsTable(summary)} ${differencesTable(run)} ${has("curve") && tradeOffSection(run, document)}
      ${
        has("round") &&
        html`<section>
          <h2>Learning</h2>
          ${federationsOf(metrics).map((of) => learning(run, of, document))} ${federationsTable(summary)}
        </section>`
      }
      ${has("client") && isShare && clientsSection(run, document)} ${has("clock") && clockSection(run)}
      ${loadsTable(metrics)}
      ${
        has("gate") &&
        html`<section>
          <h2>Gate</h2>
          ${figure(
            (options) => gateHistogram(metrics, options),
            html`Global test rows of all evaluated clients, by how much the gate trusts the specialist: h = 1 is the
            specialist alone, h = 0 the generalist alone.`,
            document,
          )}
          ${figure(
            (options) => classTrust(metrics, { ...options, classNames: run.config.classNames ?? [] }),
            "One point per client, strong where the class is one of its own; the bar is the mean over clients.",
            document,
          )}
        </section>`
      }
      ${repeatSection(run)}`,
  );
}

// whose rounds there are: one federation's that has no name, or those of the methods that were asked for
function federationsOf(metrics: readonly Metric[]): (string | undefined)[] {
  return [...new Set(metrics.flatMap((metric) => (metric.kind === "round" ? [metric.method] : [])))];
}

function tradeOffSection({ metrics }: RunRecords, document: Document): Html {
  return html`<section>
    <h2>Trade-off</h2>
    ${figure(
      (options) => tradeOff([metrics], options),
      html`A curve is one predictor as its dial turns from everybody’s answer (0) to the client’s own (1); nothing is
      trained again. Crosses are 95 % intervals of the difference to the fine-tuned model, paired by client. Up and
      right is better.`,
      document,
    )}
    ${sharesTable([metrics])}
  </section>`;
}

function sharesTable(runs: readonly (readonly Metric[])[]): Html | null {
  const rows = sharesRows(runs);
  if (rows.length === 0) return null;
  const [first] = rows;
  return table(
    "Accuracy where a share of the inputs is the client’s own, in percent, and differences in points, paired by client. The constant weight is the one that is best here.",
    ["Own share", "Posterior gate", ...first!.against.map(({ label }) => `− ${label}`)],
    rows.map(({ share, mean, against }) => [
      String(share),
      plusMinus(mean),
      ...against.map(({ more }) => plusMinus(more, 1, signed)),
    ]),
  );
}

function learning({ metrics: all, summary }: RunRecords, of: string | undefined, document: Document): Html {
  const metrics = all.filter((metric) => metric.kind === "round" && metric.method === of);
  const kept = (of !== undefined && summary.federations?.[of]?.bestRound) || summary.bestRound;
  const name = of === undefined ? "" : `${methodStyle(of).label}: `;
  const task = taskFigures(summary);
  return html`${figure(
    (options) => lossCurves(metrics, { ...options, ...(task && { unit: task.loss }) }),
    `${name}Training loss is the mean over the clients of a round, each on its own rows.`,
    document,
  )}
  ${
    !task &&
    metrics.some((metric) => metric.kind === "round" && metric.validationAccuracy !== undefined) &&
    figure(
      (options) => accuracyCurve(metrics, options),
      html`${name}${of === undefined ? "The generalist" : "Who answers for a client"} on validation rows of clients that
      share. Round ${kept} was kept.`,
      document,
    )
  }`;
}

function federationsTable({ federations }: Summary): Html | null {
  if (!federations) return null;
  const lied = Object.values(federations).some(({ attack }) => attack !== undefined);
  const noisy = Object.values(federations).some(({ privacy }) => privacy !== undefined);
  const peers = Object.values(federations).some(({ peer }) => peer !== undefined);
  return table(
    `What the federations took: megabytes are of the vectors that clients were sent to train with, and that they sent${peers ? "; MB of peers are those down that other clients had sent as they are" : ""}.`,
    [
      "Method",
      "Rounds",
      "Kept",
      "MB down",
      "MB up",
      ...(peers ? ["MB of peers"] : []),
      ...(noisy ? ["Epsilon", "Delta"] : []),
      ...(lied ? ["Attack", "Clients that lied"] : []),
    ],
    Object.entries(federations).map(([name, { rounds, bestRound, down, up, peer, privacy, attack }]) => [
      swatch(name),
      String(rounds),
      String(bestRound),
      fixed(down / 1e6),
      fixed(up / 1e6),
      ...(peers ? [peer === undefined ? "" : fixed(peer / 1e6)] : []),
      ...(noisy ? [privacy?.epsilon.toPrecision(3) ?? "", String(privacy?.delta ?? "")] : []),
      ...(lied ? [attack?.kind ?? "", attack?.liars.join(", ") ?? ""] : []),
    ]),
  );
}

/** A run in a few words: `quick, fashion-mnist, p = 0.6, seed 1`. */
export function runName(summary: Summary): string {
  return `${subject(summary)}, seed ${summary.seed}`;
}

// presets may be called as their dataset is
function subject({ preset, dataset, p }: Summary): string {
  return [...new Set([preset, dataset]), ...(p === null ? [] : [`p = ${p}`])].join(", ");
}

function setting({ clients, optOut, ownRowsKeptBack, rounds, fidelity, seed, wallSeconds }: Summary): string {
  const parts = [
    `${clients} clients`,
    `${rounds} rounds`,
    ...(optOut > 0 ? [`${fixed(optOut * 100, 0)} % opted out`] : []),
    ...(ownRowsKeptBack > 0 ? [`${fixed(ownRowsKeptBack * 100, 0)} % of own rows kept back`] : []),
    `fidelity “${fidelity}”`,
    `seed ${seed}`,
    duration(wallSeconds),
  ];
  return parts.join(" · ");
}

function headline(run: RunRecords): Html | null {
  const { methods } = run.summary;
  const focus = focusOf(Object.keys(methods));
  const result = methods[focus.method];
  if (!result) return null;
  const against = (method: string): Html | null => {
    const pairs = pairClients(run.metrics, method, focus.method);
    const local = difference(pairs, "localTest");
    const global = difference(pairs, "globalTest");
    if (!local || !global) return null;
    return html` Against ${inSentence(method)} it ${verdict(local)} on the local test (<span class="number"
        >${plusMinus(local, 1, signed)}</span
      >) and ${verdict(global)} on the global test (<span class="number">${plusMinus(global, 1, signed)}</span>).`;
  };
  return html`<p class="lead">
    ${focus.method === "mixture" ? "The mixture" : methodStyle(focus.method).label} answers ${percent(result.localTest)}
    of each client’s own kind of test rows correctly, and ${percent(result.globalTest)} of a test balanced over all
    classes.${focus.against.map(against)}
  </p>`;
}

function percent(value: Stat): Html {
  return html`<span class="number">${plusMinus(value)} %</span>`;
}

function inSentence(method: string): string {
  if (method === "local") return "a model trained alone on each client";
  return method === "finetuned" ? "the fine-tuned generalist" : methodStyle(method).label;
}

// only an interval that leaves out zero is a difference
function verdict({ mean, ci95 }: Stat): string {
  if (!Number.isFinite(ci95)) return mean > 0 ? "is ahead" : mean < 0 ? "is behind" : "is even";
  if (mean - ci95 > 0) return "wins";
  return mean + ci95 < 0 ? "loses" : "does not differ clearly";
}

function differencesTable({ summary, metrics }: RunRecords): Html | null {
  const focus = focusOf(Object.keys(summary.methods)).method;
  const others = methodOrder(Object.keys(summary.methods)).filter((method) => method !== focus);
  const rows = others.flatMap((method) => {
    const pairs = pairClients(metrics, method, focus);
    const local = difference(pairs, "localTest");
    const global = difference(pairs, "globalTest");
    if (!local || !global) return [];
    const harmed = pairs.filter(({ from, to }) => to.localTest < from.localTest).length;
    return [
      [
        html`${focus === "mixture" ? focus : methodStyle(focus).label} − ${methodStyle(method).label}`,
        plusMinus(local, 1, signed),
        plusMinus(global, 1, signed),
        `${harmed} of ${pairs.length}`,
      ],
    ];
  });
  if (rows.length === 0) return null;
  return table(
    `Differences in points, paired by client. “Behind” counts the clients for which ${focus === "mixture" ? "the mixture" : methodStyle(focus).label} is worse on the local test.`,
    ["", "Local test", "Global test", "Behind"],
    rows,
  );
}

function clientsSection({ metrics, summary }: RunRecords, document: Document): Html | null {
  const { method: to, against } = focusOf(Object.keys(summary.methods));
  const [from] = against;
  if (from === undefined) return null;
  const pairs = pairClients(metrics, from, to);
  const out = pairs.filter(({ optedOut }) => optedOut);
  return html`<section>
    <h2>Clients</h2>
    ${figure(
      (options) => clientGains(metrics, { ...options, from, to }),
      html`${tally(pairs, "localTest", from)}. A bar has the colour of the model that serves the client better.
      ${out.length > 0 && `Shaded rows opted out of the federation (${out.length} of ${pairs.length}).`}`,
      document,
    )}
  </section>`;
}

function clockSection(run: RunRecords): Html {
  const { lines } = leaderboard([run]).boards[0]!;
  return html`<section>
    <h2>Clock</h2>
    ${clockTable(lines)} ${spreadTable(lines)} ${figuresTable(lines)}
  </section>`;
}

function repeatSection({ summary, config }: RunRecords): Html {
  const phases = Object.entries(summary.phases);
  return html`<section>
    <h2>Repeat</h2>
    <p>This command gives the same numbers and the same weights, with any number of workers:</p>
    <pre tabindex="0"><code>${summary.command}</code></pre>
    <p class="quiet">Weights SHA-256 <code class="hash">${summary.weightsSha256}</code></p>
    <p class="quiet">${summary.runtime}${(summary.kernels ?? "plain") !== "plain" && `, ${summary.kernels} kernels`}</p>
    ${
      phases.length > 0 &&
      table(
        `Wall time ${duration(summary.wallSeconds)}.`,
        ["Phase", "Seconds", "Share"],
        phases.map(([phase, seconds]) => [
          phase,
          fixed(seconds),
          `${fixed((100 * seconds) / summary.wallSeconds, 0)} %`,
        ]),
      )
    }
    <details>
      <summary>Configuration</summary>
      <pre tabindex="0"><code>${JSON.stringify(config, null, 2)}</code></pre>
    </details>
  </section>`;
}
