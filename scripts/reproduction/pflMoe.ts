// PFL-MoE's public table beside ours.
import { methodStyle, type Setting, stat } from "../../src/report/index.ts";
import { plusMinus } from "../../src/report/numbers.ts";
import { clientsOf, markdown, type Runs, settingsOf } from "./tables.ts";

type Published = Readonly<Record<string, readonly [local: number, global: number]>>;

/**
 * Local and global accuracy in percent by data, alpha and method, LeNet rows, as the authors have them: github erbaoxueCS/PFL-MoE at
 * 70f62d6, README (Guo et al. 2020, arXiv 2012.15589). 1,000 rounds, one run of each; FedAvg's moment is the best on the test.
 */
const published: Readonly<Record<string, Readonly<Record<string, Published>>>> = {
  "fashion-mnist": {
    "0.5": {
      local: [84.87, 57.77],
      fedavg: [90.0, 90.0],
      head: [92.84, 83.35],
      pflMoe: [92.85, 85.45],
      raw: [92.89, 85.3],
    },
    "0.9": {
      local: [82.23, 65.28],
      fedavg: [90.31, 90.31],
      head: [91.84, 85.91],
      pflMoe: [92.02, 87.69],
      raw: [92.01, 87.67],
    },
    "2": {
      local: [78.63, 71.06],
      fedavg: [90.5, 90.5],
      head: [90.47, 87.77],
      pflMoe: [90.97, 89.37],
      raw: [90.93, 89.18],
    },
  },
  cifar10: {
    "0.5": {
      local: [65.58, 28.89],
      fedavg: [68.92, 68.92],
      head: [77.46, 54.28],
      pflMoe: [75.49, 62.33],
      raw: [77.23, 58.27],
    },
    "0.9": {
      local: [61.49, 32.1],
      fedavg: [70.7, 70.7],
      head: [74.7, 59.93],
      pflMoe: [74.1, 65.78],
      raw: [74.74, 64.13],
    },
    "2": {
      local: [55.8, 35.32],
      fedavg: [72.69, 72.69],
      head: [72.5, 66.06],
      pflMoe: [73.24, 69.79],
      raw: [73.44, 69.78],
    },
  },
};

/** Whom the table has, as it calls them; ours alone have the names that they have everywhere. */
const names: Readonly<Record<string, string>> = {
  head: "Own head (PFL-FB)",
  pflMoe: "Own head under a gate (PFL-MF)",
  raw: "Under a gate of raw inputs (PFL-MFE)",
};

const shown = ["local", "fedavg", "head", "pflMoe", "finetuned", "labelLaw", "ensemble", "calibrated", "posterior", "stream"]; // prettier-ignore

/** Ours beside theirs; local accuracy is theirs: by class on the whole test, weighted by the client's shares of classes. */
export function besidePflMoe(runs: Runs): string {
  const { settings, seeds } = settingsOf(runs);
  const rows = settings.flatMap((setting) => {
    const [{ config, summary }] = setting.runs as [Setting["runs"][number]];
    const { alpha } = config["partition"] as { readonly alpha: number };
    return shown.map((method) => {
      const name = method === "fedavg" ? method : `fedavg+${method}`;
      const told = setting.runs.map((run) => run.summary.methods[name]!);
      // answers to a stream depend on its order, so there is no accuracy by class of theirs
      const local = told.map(({ lawTest, localTest }) => (lawTest ?? localTest).mean);
      const both = [local, told.map(({ globalTest }) => globalTest.mean)].map((values) => plusMinus(stat(values)));
      const theirs = published[summary.dataset]![String(alpha)]![method];
      return [
        `alpha = ${alpha}`,
        names[method] ?? methodStyle(method).label,
        both.join(" / "),
        theirs ? theirs.map((value) => value.toFixed(2)).join(" / ") : "",
      ];
    });
  });
  return (
    `${markdown(["", "", "ours", "PFL-MoE’s table"], rows)}\n\nLocal / global accuracy in percent. Ours: mean of ${seeds}, ± over seeds, ` +
    `${clientsOf(runs)}; local is by class on all test rows, weighted by the client’s shares of classes, but for the stream, which has its own 200 rows.`
  );
}

/** All of their LeNet rows. */
export function publicPflMoe(): string {
  const rows = Object.entries(published).flatMap(([data, byAlpha]) =>
    Object.entries(byAlpha)
      .toSorted(([a], [b]) => Number(a) - Number(b))
      .map(([alpha, row]) => [
        `${data}, alpha = ${alpha}`,
        ...Object.values(row).map((both) => both.map((value) => value.toFixed(2)).join(" / ")),
      ]),
  );
  const methods = Object.keys(published["cifar10"]!["2"]!);
  return (
    `${markdown(["", ...methods.map((name) => names[name] ?? methodStyle(name).label)], rows)}\n\nLocal / global accuracy in percent, as ` +
    `published, LeNet; one run of each after 1,000 rounds.`
  );
}
