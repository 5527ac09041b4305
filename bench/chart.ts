// The picture that docs/performance.md begins with: how fast everybody is where PyTorch on one thread is 1.
import { axisX, axisY, dot, gridX, link, ruleX, text } from "../src/report/plot.ts";
import { frame, gridStyle } from "../src/report/figures/frame.ts";
import type { Figure } from "../src/report/figures/axis.ts";
import { color } from "../src/report/theme.ts";
import type { Line } from "./line.ts";

/** Suites of single operations, of which only those stand here in which moiety is slowest beside PyTorch. */
const parts: Readonly<Record<string, number>> = { conv: 3, matmul: 2, ops: 2 };
// their mixtures are rows of their own on the page
const left = (line: Line): boolean => line.suite === "mixture" || line.name.includes("mixture");

// TensorFlow.js trains convolutions only where it is helped
const others: Readonly<Record<string, readonly string[]>> = {
  "TensorFlow.js": ["tfjs-wasm", "tfjs-wasm helped"],
  "jax-js": ["jax-js"],
  "onnxruntime-web": ["onnxruntime-web"],
};

/** One case: moiety's speed over PyTorch's, and others' where they were measured. */
export interface Row {
  readonly name: string;
  /** Whether it is a single operation, chosen because PyTorch wins it. */
  readonly part: boolean;
  readonly moiety: number;
  readonly others: readonly { readonly peer: string; readonly speed: number }[];
}

/** Rows of measured lines, whole steps and inferences first, each sorted by speed. */
export function rowsOf(lines: readonly Line[]): Row[] {
  const plain = lines.filter((line) => line.build === "plain" && line.ratio !== undefined && !left(line));
  const row = ({ suite, name, ratio }: Line): Row => ({
    name: `${suite} ${name}`,
    part: suite in parts,
    moiety: ratio!,
    others: Object.entries(others).flatMap(([peer, names]) => {
      const found = plain.find((line) => line.suite === suite && line.name === name && names.includes(line.peer ?? ""));
      return found ? [{ peer, speed: ratio! / found.ratio! }] : [];
    }),
  });
  const all = plain
    .filter(({ peer }) => peer === "PyTorch")
    .map(row)
    .toSorted((a, b) => b.moiety - a.moiety);
  const worst = Object.entries(parts).flatMap(([suite, most]) =>
    all.filter(({ name, moiety }) => name.startsWith(`${suite} `) && moiety < 1).slice(-most),
  );
  return [...all.filter(({ part }) => !part), ...worst];
}

const inks: Readonly<Record<string, string>> = {
  moiety: color("mixture"),
  "TensorFlow.js": color("finetuned"),
  "jax-js": color("local"),
  "onnxruntime-web": color("fedavg"),
};

/** The chart; speeds on a logarithmic axis, PyTorch at 1. */
export function speedChart(rows: readonly Row[], { width = 760 }: { readonly width?: number } = {}): Figure {
  const height = 56 + rows.length * 17;
  const dots = rows.flatMap(({ name, others }) => others.map((one) => ({ name, ...one })));
  const ours = rows.map(({ name, moiety }) => ({ name, peer: "moiety", speed: moiety }));
  const least = Math.min(0.1, ...[...ours, ...dots].map(({ speed }) => speed));
  const most = Math.max(10, ...[...ours, ...dots].map(({ speed }) => speed));
  const peers = ["moiety", ...Object.keys(others).filter((peer) => dots.some((one) => one.peer === peer))];
  const powers = [0.001, 0.01, 0.1, 1, 10, 100].filter((at) => at >= least / 1.3 && at <= most * 1.3);
  const marks = [
    gridX({ ...gridStyle, ticks: powers }),
    axisX({ ticks: powers, tickFormat: String, tickSize: 3, label: "speed, PyTorch on one thread = 1 (logarithmic)" }),
    axisY({ tickSize: 0, label: null }),
    ruleX([1], { stroke: color("ink"), strokeWidth: 1.5 }),
    link(ours, { x1: 1, x2: "speed", y1: "name", y2: "name", stroke: inks["moiety"]!, strokeWidth: 1.5 }),
    dot(dots, {
      x: "speed",
      y: "name",
      r: 3,
      stroke: ({ peer }: { peer: string }) => inks[peer]!,
      fill: color("paper"),
    }),
    dot(ours, { x: "speed", y: "name", r: 4, fill: inks["moiety"]! }),
    // in a column of their own, where they cover nobody's dot
    text(ours, {
      y: "name",
      text: ({ speed }: { speed: number }) => speed.toPrecision(2),
      frameAnchor: "right",
      textAnchor: "end",
      dx: 34,
      fill: inks["moiety"]!,
    }),
    ...peers.map((peer, i) =>
      text([peer], {
        frameAnchor: "top-left",
        dx: i * 130 - 120,
        dy: -18,
        text: () => `${peer === "moiety" ? "●" : "○"} ${peer}`,
        fill: inks[peer]!,
      }),
    ),
  ];
  return frame("Speed beside PyTorch", `${rows.length} cases; ${summary(rows)}`, {
    width,
    height,
    marginLeft: 250,
    marginRight: 40,
    marginTop: 30,
    x: { type: "log", domain: [least / 1.3, most * 1.3] },
    y: { type: "band", domain: rows.map(({ name }) => name) },
    color: { type: "identity" },
    marks,
  });
}

/** Who wins how often. */
export function summary(rows: readonly Row[]): string {
  const whole = rows.filter(({ part }) => !part);
  const [most] = rows.toSorted((a, b) => a.moiety - b.moiety);
  const ours = `moiety is faster in ${whole.filter(({ moiety }) => moiety > 1).length} of ${whole.length} whole steps and inferences`;
  const theirs = `PyTorch by most in ${most?.name ?? "none"} (${(1 / (most?.moiety ?? 1)).toPrecision(2)} times)`;
  return `${ours}, ${theirs}`;
}
