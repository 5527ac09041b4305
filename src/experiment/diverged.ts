// Which settings to look at when a loss is NaN.
import { DivergenceError } from "../nn/index.ts";

/** The same error; one of training that diverged, here or in a worker, names where and by which settings. */
export function naming(error: unknown, where: string, settings: Readonly<Record<string, number>>): unknown {
  // a worker's errors arrive by name
  if (!(error instanceof Error && error.name === "DivergenceError")) return error;
  const told = Object.entries(settings).map(([path, value]) => `${path} is ${value}`);
  return new DivergenceError(`${where}${error.message} (${told.join(", ")})`);
}
