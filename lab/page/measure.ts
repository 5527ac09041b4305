// How answers are judged on the page, in its words: classes that are right, or numbers that come near.
import { type TaskFigures, taskFigures } from "../../src/report/tasks.ts";
import type { DataOutline } from "../messages.ts";

/** What tests and validations measure, in percent, and what is learnt by. */
export interface Measure {
  readonly name: "accuracy" | "R2";
  /** The loss, and its unit. */
  readonly loss: string;
  /** What is measured beside it, where that is not accuracy. */
  readonly figures?: TaskFigures | undefined;
}

/** By what models are judged on these data. */
export function measureOf(data: DataOutline | undefined): Measure {
  const task = data?.names.task;
  const figures = taskFigures(task ? { task } : {});
  return { name: task === "regression" ? "R2" : "accuracy", loss: figures?.loss ?? "Loss (nats)", figures };
}

/** Whether rows have numbers to be estimated instead of a class. */
export function isEstimate(data: DataOutline | undefined): boolean {
  return data?.names.task === "regression";
}
