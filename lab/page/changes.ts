// In what else than a summary says a set-up differs from another.
import type { Config } from "../../src/experiment/config.ts";
import { groups } from "./fields.ts";
import { valueAt } from "./limits.ts";

// what a summary tells anyway
const told: ReadonlySet<string> = new Set(["clients", "partition.kind", "partition.p", "partition.alpha", "optOut", "ownRowsKeptBack", "fidelity"]); // prettier-ignore

/** `Rounds at most 50`, for every field of the form that is another, and the methods beside the page's own. */
export function changesOf(config: Config, than: Config): string[] {
  const fields = groups.flatMap((group) => group.fields).filter(({ path }) => !told.has(path));
  const changed = fields.flatMap((field) => {
    const [value, other] = [valueAt(config, field.path), valueAt(than, field.path)];
    if (JSON.stringify(value) === JSON.stringify(other)) return [];
    if (field.kind === "check") return [`${value ? "" : "no "}“${field.label}”`];
    if (value === undefined) return [];
    const text = field.kind === "choice" ? field.choices.find(([one]) => one === value)?.[1] : undefined;
    return [`“${field.label}” ${text ?? String(value as number)}`];
  });
  const names = Object.keys(config.methods ?? {});
  const same = names.join() === Object.keys(than.methods ?? {}).join();
  return same || names.length === 0 ? changed : [...changed, `beside ${names.join(", ")}`];
}
