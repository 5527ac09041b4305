// What the fields of a config are where nobody says otherwise: in the presets, or in the kind that they belong to.
import { partitionKinds } from "../partitionKinds.ts";
import { presetList } from "../presets.ts";
import { shiftKinds } from "../shiftKinds.ts";
import type { Field } from "./field.ts";

const begun: Readonly<Record<string, Readonly<Record<string, { readonly begins: object }>>>> = {
  partition: partitionKinds,
  shift: shiftKinds,
};

function valueAt(of: unknown, path: readonly string[]): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return of;
  return typeof of === "object" && of !== null ? valueAt((of as Record<string, unknown>)[first], rest) : undefined;
}

function written(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Values with those who have them: what most have alone, the others by name. */
function told(values: readonly (readonly [name: string, value: unknown])[]): string {
  const by = new Map<string, string[]>();
  for (const [name, value] of values) by.set(written(value), [...(by.get(written(value)) ?? []), name]);
  const [[first] = [""], ...others] = by;
  return [first, ...others.map(([value, names]) => `${names.join(", ")}: ${value}`)].join("; ");
}

/** The value that a field begins with, and where it begins otherwise; what holds where it is left out; or "" of a group. */
export function defaultOf({ path, kinds, unless }: Field): string {
  const keys = path.split(".");
  const [group = "", ...rest] = keys;
  const ofKinds = begun[group];
  if (ofKinds && kinds.length > 0) {
    const values = kinds
      .filter((kind) => Object.hasOwn(ofKinds, kind))
      .map((kind) => [kind, valueAt(ofKinds[kind]!.begins, rest)] as const)
      .filter(([, value]) => value !== undefined);
    return values.length === 0 || (unless !== undefined && values.length < kinds.length)
      ? [unless, ...values.map(([kind, value]) => `${kind}: ${written(value)}`)].filter(Boolean).join("; ")
      : told(values);
  }
  const values = presetList().map(({ name, config }) => [name, valueAt(config, keys)] as const);
  const [, first] = values[0]!;
  if (first === undefined) return unless ?? "";
  return typeof first === "object" ? "" : told(values);
}
