// Every suite, in the order in which `all` runs them.
import type { Suite } from "../suite.ts";
import { conv } from "./conv.ts";
import { federations } from "./federations.ts";
import { infer } from "./infer.ts";
import { matmul } from "./matmul.ts";
import { mixture } from "./mixture.ts";
import { ops } from "./ops.ts";
import { round } from "./round.ts";
import { run } from "./run.ts";
import { serve } from "./serve.ts";
import { soak } from "./soak.ts";
import { start } from "./start.ts";
import { step } from "./step.ts";
import { vocabulary } from "./vocabulary.ts";
import { workers } from "./workers.ts";

export const suites: readonly Suite[] = [
  matmul,
  conv,
  ops,
  step,
  vocabulary,
  mixture,
  infer,
  start,
  round,
  workers,
  federations,
  run,
  serve,
  soak,
];
