// What a run's figures are called by what its rows were asked for: classes unless said, numbers, or several labels at once.
import type { MethodResult, Summary } from "./records.ts";

/** A figure of a method: what it is called, its two sides in records, and digits. */
export interface FigureName {
  readonly label: string;
  readonly local: keyof MethodResult;
  readonly global: keyof MethodResult;
  readonly digits: number;
}

/** What a test measures, and what stands beside it. */
export interface TaskFigures {
  readonly test: FigureName;
  readonly beside: readonly FigureName[];
  /** The loss, and its unit. */
  readonly loss: string;
  /** What the test says of a method's answers. */
  readonly about: string;
}

const f1: FigureName = { label: "F1, %", local: "localF1", global: "globalF1", digits: 1 };
const auc: FigureName = { label: "AUC, %", local: "localAuc", global: "globalAuc", digits: 1 };
const test = (label: string): FigureName => ({ label, local: "localTest", global: "globalTest", digits: 1 });

const tasks: Readonly<Record<NonNullable<Summary["task"]>, TaskFigures>> = {
  regression: {
    test: test("R2, %"),
    beside: [
      { label: "RMSE", local: "localRmse", global: "globalRmse", digits: 3 },
      { label: "MAE", local: "localMae", global: "globalMae", digits: 3 },
    ],
    loss: "Squared error",
    about: "R2 is the share of the targets’ variance that answers explain; RMSE and MAE are in units of the targets.",
  },
  "multi-label": {
    test: test("Accuracy, %"),
    beside: [f1, auc],
    loss: "Loss (nats)",
    about:
      "Accuracy is the share of labels that are told right; F1 and area under the ROC curve are means over labels.",
  },
};

/** Gaps between groups of people, where rows have groups. */
export const groupGaps: readonly { readonly label: string; readonly of: keyof MethodResult }[] = [
  { label: "Local parity gap, %", of: "localParity" },
  { label: "Global parity gap, %", of: "globalParity" },
  { label: "Local opportunity gap, %", of: "localOpportunity" },
  { label: "Global opportunity gap, %", of: "globalOpportunity" },
];

/** The figures of a run whose rows were asked for something else than a class; undefined for all others. */
export function taskFigures({ task }: Pick<Summary, "task">): TaskFigures | undefined {
  return task && tasks[task];
}
