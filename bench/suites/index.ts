// Every suite, in the order in which `all` runs them.
import type { Suite } from "../suite.ts";
import { matmul } from "./matmul.ts";
import { step } from "./step.ts";

export const suites: readonly Suite[] = [matmul, step];
