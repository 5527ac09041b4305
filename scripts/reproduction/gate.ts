// Tables of what the posterior gate does: where a share of inputs is the client's own, over streams, and told by all test rows.
import {
  difference,
  methodStyle,
  pairClients,
  type Setting,
  settingName,
  sharesRows,
  stat,
} from "../../src/report/index.ts";
import { fixed, plusMinus, signed } from "../../src/report/numbers.ts";
import { clientsOf, isClear, markdown, type Runs, settingsOf, tests } from "./tables.ts";

/** What streams keep of FedAvg's global accuracy, and what they have over fine-tuning on either test. */
export function streams(runs: Runs): string {
  const methods = ["stream", "streamBlocks", "streamAlternating"];
  const { settings, seeds } = settingsOf(runs);
  const cells = (setting: Setting, method: string): string[] => {
    const kept = setting.runs.map(
      ({ summary: { methods } }) => (100 * methods[method]!.globalTest.mean) / methods["fedavg"]!.globalTest.mean,
    );
    const pairs = setting.runs.flatMap(({ metrics }) => pairClients(metrics, "finetuned", method));
    const more = tests.map((test) => {
      const found = difference(pairs, test)!;
      const text = plusMinus(found, 2, signed);
      return isClear(found) ? `**${text}**` : text;
    });
    return [plusMinus(stat(kept)), ...more];
  };
  const rows = settings.flatMap((setting) =>
    methods.map((method) => [settingName(setting), methodStyle(method).label, ...cells(setting, method)]),
  );
  const table = markdown(["", "", "% of FedAvg’s global", "− Fine-tuned, local", "global"], rows);
  return (
    `${table}\n\nGlobal accuracy in percent of FedAvg’s, mean of ${seeds}, ± over seeds; and differences in points, paired by client ` +
    `(${clientsOf(runs)}), bold where the 95 % interval excludes 0.`
  );
}

/** The posterior gate where a share of the inputs is the client's own, against what that share is best served by. */
export function shares(runs: Runs): string {
  const { settings, seeds } = settingsOf(runs);
  const rows = settings.flatMap((setting) =>
    sharesRows(setting.runs.map(({ metrics }) => metrics)).map((row) => ({ setting, ...row })),
  );
  const table = markdown(
    ["", "own share", "Posterior gate", ...rows[0]!.against.map(({ label }) => `− ${label}`)],
    rows.map(({ setting, share, mean, against }) => [
      settingName(setting),
      String(share),
      fixed(mean.mean),
      ...against.map(({ more }) => {
        const text = plusMinus(more, 2, signed);
        return isClear(more) ? `**${text}**` : text;
      }),
    ]),
  );
  return `${table}\n\nAccuracy in percent where this share of the inputs is the client's own, the gate reckoning with it, and differences in points, paired by client over ${seeds} (${clientsOf(runs)}); bold where the 95 % interval excludes 0. The constant weight is the one of 0, 0.1 .. 1 that is best on these very rows.`;
}

/** Local accuracy told by all test rows, beside that on the client's own 200. */
export function byLaw(runs: Runs): string {
  const methods = ["fedavg", "labelLaw", "finetuned", "ensemble", "mixture", "posterior"];
  const { settings, seeds } = settingsOf(runs);
  const cell = (setting: Setting, method: string): string => {
    const told = setting.runs.map(({ summary }) => summary.methods[method]!);
    const [own, law] = [told.map(({ localTest }) => localTest.mean), told.map(({ lawTest }) => lawTest!.mean)];
    return [own, law].map((values) => plusMinus(stat(values))).join(", ");
  };
  const table = markdown(
    ["", ...methods.map((method) => methodStyle(method).label)],
    settings.map((setting) => [settingName(setting), ...methods.map((method) => cell(setting, method))]),
  );
  return `${table}\n\nLocal test accuracy on the client's own test rows, and by class on all test rows weighted by its shares of classes; mean of ${seeds}, ± over seeds.`;
}
