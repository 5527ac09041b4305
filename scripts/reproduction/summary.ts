// The table that docs/reproduction.md begins with: of each claim whether it holds, by how much, with which command, at what cost.
import { difference, type RunRecords, pairClients, settingName, sharesRows } from "../../src/report/index.ts";
import { duration, fixed, plusMinus, signed } from "../../src/report/numbers.ts";
import { type Pages, pageWith } from "./pages.ts";
import { isClear, markdown, type Runs, settingsOf, tests, withinFigure } from "./tables.ts";

interface Found {
  readonly holds: "yes" | "in part" | "no";
  readonly measured: string;
}

interface Claim {
  readonly claim: string;
  readonly sweeps: readonly string[];
  readonly found: (runs: Runs) => Found;
  /** The heading that tells more. */
  readonly more: string;
}

/** How often a method is clearly above another and below it, over the settings of a sweep; by client, both tests or one. */
const above =
  (method: string, other: string, over: readonly (typeof tests)[number][] = tests) =>
  (runs: Runs): Found => {
    const { settings } = settingsOf(runs);
    const told = over.map((test) => {
      const all = settings.map((setting) => {
        const pairs = setting.runs.flatMap(({ metrics }) => pairClients(metrics, other, method));
        return { name: settingName(setting), of: difference(pairs, test)! };
      });
      const clear = all.filter(({ of }) => isClear(of));
      const [up, down] = [clear.filter(({ of }) => of.mean > 0), clear.filter(({ of }) => of.mean < 0)];
      const worst = down.toSorted((a, b) => a.of.mean - b.of.mean)[0];
      const best = up.toSorted((a, b) => b.of.mean - a.of.mean)[0];
      const at = (one: typeof worst, all: number): string =>
        one ? ` (${plusMinus(one.of, 1, signed)}${all > 1 ? ` at ${one.name}` : ""})` : "";
      const parts = [
        ...(best ? [`above at ${up.length} of ${all.length}${at(best, all.length)}`] : []),
        ...(worst ? [`below at ${down.length} of ${all.length}${at(worst, all.length)}`] : []),
      ];
      const text = parts.join(", ") || `level at all ${all.length}`;
      return { up: up.length, down: down.length, text: `${test === "localTest" ? "local" : "global"} test: ${text}` };
    });
    const [ups, downs] = [told.some(({ up }) => up > 0), told.some(({ down }) => down > 0)];
    return { holds: !ups ? "no" : downs ? "in part" : "yes", measured: told.map(({ text }) => text).join("; ") };
  };

/** The posterior gate's curve against the best constant weight of the same experts, at five shares of own inputs in every setting. */
function overConstants(runs: Runs): Found {
  const all = settingsOf(runs).settings.flatMap((setting) =>
    sharesRows(setting.runs.map(({ metrics }) => metrics)).map(({ share, against }) => ({
      name: `${settingName(setting)}, a share of ${share}`,
      of: against[0]!.more,
    })),
  );
  const clear = all.filter(({ of }) => isClear(of));
  const [up, down] = [clear.filter(({ of }) => of.mean > 0), clear.filter(({ of }) => of.mean < 0)];
  const told = (side: string, some: typeof all): string[] => {
    const [most] = some.toSorted((a, b) => Math.abs(b.of.mean) - Math.abs(a.of.mean));
    return most
      ? [`${side} at ${some.length} of ${all.length} (${plusMinus(most.of, 1, signed)} at ${most.name})`]
      : [];
  };
  const text = [...told("above", up), ...told("below", down)].join(", ") || `level at all ${all.length}`;
  return {
    holds: up.length === 0 ? "no" : down.length > 0 ? "in part" : "yes",
    measured: `over shares of own inputs: ${text}`,
  };
}

// a gate that weighs its client's classes as all others does not gate
const LEAST_GAP = 0.01;

function gates(runs: Runs): Found {
  const gaps = settingsOf(runs).settings.map(({ runs: seeds }) => {
    const found = seeds.map(({ summary }) => summary.gates!["mixture"]!);
    return found.reduce((sum, { own, other }) => sum + own.mean - other.mean, 0) / found.length;
  });
  const most = Math.max(...gaps.map(Math.abs));
  return {
    holds: most >= LEAST_GAP ? "yes" : "no",
    measured: `its weight on own and on other classes differs by ${fixed(most, 3)} at most`,
  };
}

function figure(runs: Runs): Found {
  const measured = /\*\*(\d+) of (\d+)\*\*/.exec(withinFigure(runs))!;
  return {
    holds: measured[1] === measured[2] ? "yes" : "in part",
    measured: `${measured[1]} of ${measured[2]} coordinates within 3 points, in the mean of six seeds`,
  };
}

const claims: readonly Claim[] = [
  {
    claim: "The published figure comes out with the authors' code's behaviour",
    sweeps: ["cifar10-authors-code", "cifar10-authors-code-again"],
    found: figure,
    more: "CIFAR-10, the authors' code",
  },
  {
    claim: "The mixture beats fine-tuning: CIFAR-10, as meant",
    sweeps: ["cifar10-paper"],
    found: above("mixture", "finetuned"),
    more: "CIFAR-10, the method as meant",
  },
  {
    claim: "The same with a gate that learns on held-out rows",
    sweeps: ["cifar10-held-out"],
    found: above("mixture", "finetuned"),
    more: "CIFAR-10, the gate on held-out rows",
  },
  {
    claim: "The same on Fashion-MNIST, as meant",
    sweeps: ["fashion-mnist-paper"],
    found: above("mixture", "finetuned"),
    more: "Fashion-MNIST, the method as meant",
  },
  {
    claim: "The same on a third of AG News, as meant",
    sweeps: ["ag-news-paper"],
    found: above("mixture", "finetuned"),
    more: "AG News, the method as meant",
  },
  {
    claim: "The mixture beats the plain mean of fine-tuned and FedAvg: CIFAR-10, as meant",
    sweeps: ["cifar10-paper"],
    found: above("mixture", "ensemble"),
    more: "CIFAR-10, the method as meant",
  },
  {
    claim: "The gate as published tells a client's own classes from others: CIFAR-10",
    sweeps: ["cifar10-paper"],
    found: gates,
    more: "CIFAR-10, clients that opt out, and eight gates",
  },
  {
    claim: "The posterior gate, which needs no training, beats fine-tuning: CIFAR-10",
    sweeps: ["cifar10-posterior", "cifar10-posterior-p1"],
    found: above("posterior", "finetuned"),
    more: "CIFAR-10, a gate that gates",
  },
  {
    claim: "It beats the best constant weight of the same two experts: CIFAR-10",
    sweeps: ["cifar10-posterior", "cifar10-posterior-p1"],
    found: overConstants,
    more: "CIFAR-10, a gate that gates",
  },
  {
    claim: "It beats fine-tuning where half or nine tenths of the clients opt out: CIFAR-10",
    sweeps: ["cifar10-posterior-opt-out"],
    found: above("posterior", "finetuned"),
    more: "CIFAR-10, a gate that gates: clients that opt out",
  },
  {
    claim: "It beats fine-tuning in a Dirichlet partition: CIFAR-10",
    sweeps: ["cifar10-posterior-dirichlet"],
    found: above("posterior", "finetuned"),
    more: "CIFAR-10, a gate that gates: Dirichlet partitions",
  },
  {
    claim: "The same on the whole of Fashion-MNIST",
    sweeps: ["fashion-mnist-whole"],
    found: above("posterior", "finetuned"),
    more: "The whole of Fashion-MNIST, a gate that gates",
  },
  {
    claim: "The same on a third of AG News, cut to 40 rounds",
    sweeps: ["ag-news-posterior"],
    found: above("posterior", "finetuned"),
    more: "AG News, a gate that gates",
  },
  {
    claim: "It beats PFL-MoE, whose gate is trained, in its protocol cut short: Fashion-MNIST",
    sweeps: ["pfl-moe"],
    found: above("fedavg+posterior", "fedavg+pflMoe"),
    more: "PFL-MoE's table, beside ours",
  },
  {
    claim: "The same: CIFAR-10",
    sweeps: ["pfl-moe-cifar10"],
    found: above("fedavg+posterior", "fedavg+pflMoe"),
    more: "PFL-MoE's table, beside ours",
  },
  {
    claim: "It beats fine-tuning where clients differ in names of classes: Fashion-MNIST",
    sweeps: ["fashion-mnist-renamed"],
    found: above("posterior", "finetuned"),
    more: "Fashion-MNIST, clients that see or name otherwise",
  },
];

/** What a heading is called in an address, as hosts of Markdown make it. */
export function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, "")
    .replaceAll(" ", "-");
}

/** The command that a sweep was made with, from the page that tells of it. */
function commandOf(pages: Pages, sweep: string): string {
  const end = ` --out docs/reproduction/${sweep}`;
  const line = pages
    .get(pageWith(pages, `${end}\n`))!
    .split("\n")
    .find((one) => one.endsWith(end))!;
  return `\`${line.slice(0, -end.length)}\``;
}

/** The table, from the runs of sweeps by name. */
export function summary(read: ReadonlyMap<string, Runs>, pages: Pages): string {
  const rows = claims.map(({ claim, sweeps, found, more }) => {
    const runs: RunRecords[] = sweeps.flatMap((sweep) => [...read.get(sweep)!]);
    const { holds, measured } = found(runs);
    const seconds = runs.reduce((sum, { summary: of }) => sum + of.wallSeconds, 0);
    return [
      `[${claim}](${pageWith(pages, `\n## ${more}\n`)}#${anchor(more)})`,
      holds === "yes" ? "**yes**" : holds,
      measured,
      sweeps.map((sweep) => commandOf(pages, sweep)).join(", and "),
      duration(seconds),
    ];
  });
  const table = markdown(["claim", "holds", "measured, in points", "command", "one core"], rows);
  const ruled = table.replace("| --- | ---: | ---: | ---: | ---: |", "| --- | --- | --- | --- | ---: |");
  return `${ruled}\n\nA difference counts where its 95 % interval, paired by client over three seeds, excludes 0; _yes_: above in some setting, and below in none.`;
}
