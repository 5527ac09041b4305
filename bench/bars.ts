// What moiety promises about its speed, as data that a run of the bench is held against. Ratios and fractions only: they
// hold on other machines, or show that they do not.
import type { Line } from "./line.ts";

export interface Bar {
  readonly what: string;
  readonly suite: string;
  /** Which cases, and which peers' lines; our own lines where no peer is named. */
  readonly cases: RegExp;
  readonly peers?: RegExp;
  readonly figure: "ofPeak" | "ratio" | "ms" | `also:${string}`;
  readonly least?: number;
  readonly most?: number;
}

const WASM = /^(tfjs-wasm|jax-js|numpy-ts|onnxruntime-web)$/;
const LENET10 = /^LeNet-CIFAR batch 10$/;
const LENET128 = /^LeNet-CIFAR batch 128$/;

export const bars: readonly Bar[] = [
  {
    what: "matmul, squares from 128 and 128x200x784, over the 128-bit peak",
    suite: "matmul",
    cases: /^(NN|NT|TN) (128|256|512|1024|128x200x784)$/,
    figure: "ofPeak",
    least: 0.8,
  },
  { what: "matmul, 10x120x400", suite: "matmul", cases: / 10x120x400$/, figure: "ofPeak", least: 0.7 },
  {
    what: "matmul, weight gradients with inner size 10 to 16",
    suite: "matmul",
    cases: /^TN \d+x\d+x1\d$/,
    figure: "ofPeak",
    least: 0.55,
  },
  {
    what: "matmul, NN, against every WebAssembly peer",
    suite: "matmul",
    cases: /^NN/,
    peers: WASM,
    figure: "ratio",
    least: 1.3,
  },
  {
    what: "matmul, NT and TN, against tfjs-wasm",
    suite: "matmul",
    cases: /^(NT|TN)/,
    peers: /^tfjs-wasm$/,
    figure: "ratio",
    least: 10,
  },
  { what: "LeNet-CIFAR step, batch 10, against PyTorch", ...against("step", LENET10, /^PyTorch$/, 2.2) },
  { what: "LeNet-CIFAR step, batch 10, against PyTorch fused", ...against("step", LENET10, /^PyTorch fused$/, 1.9) },
  { what: "LeNet-CIFAR step, batch 128, against PyTorch", ...against("step", LENET128, /^PyTorch$/, 1.25) },
  { what: "LeNet-CIFAR step against tfjs-wasm helped", ...against("step", /^LeNet-CIFAR/, /helped$/, 6) },
  { what: "LeNet-CIFAR step against jax-js", ...against("step", /^LeNet-CIFAR/, /^jax-js$/, 50) },
  { what: "MLP step, batch 10, against jax-js", ...against("step", /^MLP .* batch 10$/, /^jax-js$/, 2.5) },
  { what: "MLP step, batch 10, against PyTorch", ...against("step", /^MLP .* batch 10$/, /^PyTorch$/, 1.2) },
  { what: "MLP step, batch 128, against jax-js", ...against("step", /^MLP .* batch 128$/, /^jax-js$/, 1.7) },
  { what: "softmax 1000x1000 against tfjs-wasm", ...against("ops", /^softmax 1000x1000$/, /^tfjs-wasm$/, 1.3) },
  {
    what: "log-softmax 1000x1000 against every WebAssembly peer",
    ...against("ops", /^logSoftmax 1000x1000$/, WASM, 3),
  },
  {
    what: "mixture step, LeNet-CIFAR, batch 10, against PyTorch",
    ...against("mixture", /^LeNet-CIFAR generalist active batch 10$/, /^PyTorch$/, 2.5),
  },
  {
    what: "inference, LeNet-CIFAR, batch 1, against PyTorch",
    ...against("infer", /^LeNet-CIFAR batch 1$/, /^PyTorch$/, 4),
  },
  {
    what: "kernels' share of a LeNet-CIFAR step, batch 10",
    ...against("step", LENET10, /^bare kernels$/, 0.92),
  },
  {
    what: "client-round with 10,000 clients over one with 100",
    suite: "round",
    cases: /^10000 /,
    figure: "also:x 100 clients",
    most: 1.15,
  },
  ...(
    [
      ["T1", 2.5, 2.3],
      ["T2", 3.5, 3.2],
      ["T4", 8, 5],
    ] as const
  ).flatMap(([task, one, two]) => [
    {
      what: `${task}, one worker, against pfl`,
      ...against("federations", new RegExp(`^${task} .* one worker$`), /^pfl /, one),
    },
    {
      what: `${task}, two workers, against pfl`,
      ...against("federations", new RegExp(`^${task} .* two workers$`), /^pfl /, two),
    },
  ]),
  {
    what: "federations, two workers over one",
    suite: "federations",
    cases: / two workers$/,
    figure: "also:x one worker",
    least: 1,
  },
  { what: "a page that trains, kB gzipped", suite: "start", cases: /./, figure: "also:kB page gzipped", most: 36 },
  { what: "import to first finished step, ms", suite: "start", cases: /./, figure: "ms", most: 60 },
];

function against(suite: string, cases: RegExp, peers: RegExp, least: number): Omit<Bar, "what"> {
  return { suite, cases, peers, figure: "ratio", least };
}

/** A bar and the line that comes closest to missing it, or misses it by most. */
export interface Standing {
  readonly bar: Bar;
  readonly worst: number;
  readonly name: string;
  readonly holds: boolean;
}

/** How measured lines stand; bars that no line speaks of are left out. */
export function standings(lines: readonly Line[], of: readonly Bar[] = bars): Standing[] {
  return of.flatMap((bar): Standing[] => {
    const { suite, cases, peers, least, most } = bar;
    const found = lines
      .filter((line) => line.suite === suite && cases.test(line.name))
      .filter(({ peer }) => (peers ? peer !== undefined && peers.test(peer) : peer === undefined))
      .map((line) => ({ name: [line.name, line.peer].filter(Boolean).join(", "), value: figure(line, bar.figure) }))
      .filter((one): one is { name: string; value: number } => one.value !== undefined);
    if (found.length === 0) return [];
    const worst = found.reduce((a, b) => ((least === undefined ? b.value > a.value : b.value < a.value) ? b : a));
    const holds = worst.value >= (least ?? -Infinity) && worst.value <= (most ?? Infinity);
    return [{ bar, worst: worst.value, name: worst.name, holds }];
  });
}

function figure(line: Line, name: Bar["figure"]): number | undefined {
  if (name.startsWith("also:")) return line.also?.[name.slice(5)];
  return line[name as "ofPeak" | "ratio" | "ms"] ?? undefined;
}

/** Standings as a Markdown table. */
export function standingTable(found: readonly Standing[]): string {
  const rows = found.map(({ bar: { what, least, most }, worst, name, holds }) => {
    const wanted = least === undefined ? `at most ${most}` : `at least ${least}`;
    return `| ${what} | ${wanted} | ${worst.toPrecision(3)} (${name}) | ${holds ? "holds" : "**short**"} |`;
  });
  return ["| bar | wanted | worst measured | |", "| --- | --- | --- | --- |", ...rows].join("\n");
}
