// Single values of a config, and the words for what is expected of them.
import * as v from "valibot";
import { named } from "../../runtime/options.ts";
import type { Told } from "./field.ts";

// a config is written as JSON, which has no others
export const finite: v.GenericSchema<number> = v.pipe(v.number(), v.finite("expected a finite number"));
export const fraction: v.GenericSchema<number> = v.pipe(
  finite,
  v.minValue(0, "expected a number from 0 to 1"),
  v.maxValue(1, "expected a number from 0 to 1"),
);
export const count: v.GenericSchema<number> = v.pipe(
  finite,
  v.integer("expected a whole number"),
  v.minValue(1, "expected a whole number from 1"),
);
export const whole: v.GenericSchema<number> = v.pipe(
  finite,
  v.integer("expected a whole number"),
  v.minValue(0, "expected a whole number from 0"),
);
export const rate: v.GenericSchema<number> = v.pipe(finite, v.gtValue(0, "expected a number above 0"));

export const margin: v.GenericSchema<number> = v.pipe(finite, v.minValue(0, "expected a number from 0"));

export const name: v.GenericSchema<string> = v.pipe(v.string(), v.minLength(1, "expected a name"));

/** A field's schema with its meaning, from which `moiety config` and docs/config.md are made. */
export function told<S extends v.GenericSchema>(schema: S, about: string, more: Omit<Told, "about"> = {}): S {
  // behind what only says something a schema is what it was
  return v.pipe(schema, v.metadata({ about, ...more })) as unknown as S;
}

/** One entry that may be left out. */
export function maybe<S extends v.GenericSchema>(
  schema: S,
  about: string,
  more: Omit<Told, "about"> = {},
): v.OptionalSchema<S, undefined> {
  return told(v.optional(schema), about, more);
}

/** Where in an object something is wrong, as a user writes it: names with dots between; undefined for the whole of it. */
export function place(issue: v.BaseIssue<unknown>): string | undefined {
  return issue.path?.map(({ key }) => named(String(key))).join(".");
}
