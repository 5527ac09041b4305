// The methods of a run as plain text, for a terminal.
import { methodOrder, methodStyle } from "./methods.ts";
import { fixed } from "./numbers.ts";
import type { Summary } from "./records.ts";

/** Method, local test and global test accuracy in percent, each with the half width of its 95 % interval. */
export function methodTable({ methods }: Pick<Summary, "methods">): string {
  const rows = methodOrder(Object.keys(methods)).flatMap((method) => {
    const result = methods[method];
    if (!result) return [];
    const cells = [result.localTest, result.globalTest].flatMap(({ mean, ci95 }) => [fixed(mean), fixed(ci95)]);
    return [[methodStyle(method).label, ...cells]];
  });
  const widths = [15, 10, 5, 11, 5];
  return [["method", "local test", "±", "global test", "±"], ...rows]
    .map((row) => row.map((cell, i) => (i ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0))).join("  "))
    .map((line) => `${line}\n`)
    .join("");
}
