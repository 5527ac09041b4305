// A run's methods by the figures of its task, which is to tell classes unless said.
import { html } from "./html.ts";
import type { Html } from "./html.ts";
import { focusOf, methodOrder, methodStyle } from "./methods.ts";
import { plusMinus } from "./numbers.ts";
import { table } from "./page.ts";
import type { Stat, Summary } from "./records.ts";
import { type FigureName, groupGaps, type TaskFigures, taskFigures } from "./tasks.ts";

const cell = (value: Stat | undefined, digits: number): string => (value ? plusMinus(value, digits) : "–");

/** A method's name behind its colour. */
export function swatch(method: string): Html {
  const { color, label } = methodStyle(method);
  return html`<span class="swatch" style="background: ${color}"></span>${label}`;
}

/** The method in focus, in a sentence. */
export function taskHeadline({ methods }: Summary, { test, beside }: TaskFigures): Html | null {
  const { method } = focusOf(Object.keys(methods));
  const result = methods[method];
  if (!result) return null;
  const said = (side: "local" | "global"): string =>
    [test, ...beside].map((figure) => `${figure.label} ${cell(result[figure[side]], figure.digits)}`).join(", ");
  return html`<p class="lead">
    ${method === "mixture" ? "The mixture" : methodStyle(method).label} on each client’s own kind of test rows:
    <span class="number">${said("local")}</span>; on all test rows: <span class="number">${said("global")}</span>.
  </p>`;
}

/** Methods by all figures of the task, on both tests. */
function taskTable({ methods, evaluatedClients }: Summary, { test, beside, about }: TaskFigures): Html {
  const columns = [test, ...beside].flatMap((figure: FigureName) => [
    { label: `Local ${figure.label}`, of: figure.local, digits: figure.digits },
    { label: `Global ${figure.label}`, of: figure.global, digits: figure.digits },
  ]);
  return html`<section>
    <h2>Methods</h2>
    ${table(
      `Means over ${evaluatedClients} clients ± half width of the 95 % interval. ${about}`,
      ["Method", ...columns.map(({ label }) => label)],
      methodOrder(Object.keys(methods)).map((name) => [
        swatch(name),
        ...columns.map(({ of, digits }) => cell(methods[name]?.[of], digits)),
      ]),
    )}
  </section>`;
}

/** Methods by accuracy and calibration, or by the figures of the run's task. */
export function methodsTable(summary: Summary): Html {
  const task = taskFigures(summary);
  if (task) return taskTable(summary, task);
  const { methods, evaluatedClients } = summary;
  const names = methodOrder(Object.keys(methods));
  const any = (key: "localNll" | "globalNll" | "localEce" | "globalEce"): boolean =>
    names.some((name) => methods[name]?.[key] !== undefined);
  const columns = [
    { label: "Local test, %", of: (name: string) => methods[name]?.localTest, digits: 1 },
    { label: "Global test, %", of: (name: string) => methods[name]?.globalTest, digits: 1 },
    ...(names.some((name) => methods[name]?.lawTest)
      ? [{ label: "Local by law, %", of: (name: string) => methods[name]?.lawTest, digits: 1 }]
      : []),
  ];
  const calibration = [
    { label: "Local NLL", key: "localNll", digits: 2 },
    { label: "Global NLL", key: "globalNll", digits: 2 },
    { label: "Local ECE, %", key: "localEce", digits: 1 },
    { label: "Global ECE, %", key: "globalEce", digits: 1 },
  ] as const;
  const shown = calibration.filter(({ key }) => any(key));
  const gaps = groupGaps.filter(({ of }) => names.some((name) => methods[name]?.[of]));
  return html`<section>
    <h2>Methods</h2>
    ${table(
      `Accuracy: mean over ${evaluatedClients} clients ± half width of its 95 % interval.${
        columns.length > 2
          ? " By law: accuracy by class on the global test, weighted by each client’s shares of classes, which all test rows tell."
          : ""
      }`,
      ["Method", ...columns.map(({ label }) => label)],
      names.map((name) => [swatch(name), ...columns.map(({ of, digits }) => cell(of(name), digits))]),
    )}
    ${
      shown.length > 0 &&
      table(
        "Calibration: negative log-likelihood in nats, expected calibration error in percent; less is better.",
        ["Method", ...shown.map(({ label }) => label)],
        names.map((name) => [swatch(name), ...shown.map(({ key, digits }) => cell(methods[name]?.[key], digits))]),
      )
    }
    ${
      gaps.length > 0 &&
      table(
        "Gaps between groups: how far apart they are in the share of rows that are answered with the positive class (parity), and the same over rows that are of it (opportunity); 0 is even.",
        ["Method", ...gaps.map(({ label }) => label)],
        names.map((name) => [swatch(name), ...gaps.map(({ of }) => cell(methods[name]?.[of], 1))]),
      )
    }
  </section>`;
}
