// What a field of the form may be, wherever its value comes from: typed, slid, read from an address or from a run that is kept.
import { type Config, ConfigError } from "../../src/experiment/config.ts";
import { fieldsOf, declared } from "./declared.ts";
import { type Field, groups, type NumberField, seedField } from "./fields.ts";

/** Every number that a config says and the form limits, with its field. */
function* numbersIn(config: Config): Generator<readonly [NumberField, unknown]> {
  const fields: Field[] = [...groups.flatMap((group) => group.fields), seedField];
  for (const name of Object.keys(config.methods ?? {})) {
    const method = declared(name);
    if (method) fields.push(...fieldsOf(method));
  }
  for (const field of fields)
    if ((field.kind === "number" || field.kind === "slider") && (field.when?.(config) ?? true))
      yield [field, valueAt(config, field.path)];
}

/** Refuses a config with numbers that the page has no room or time for; the error names fields as configs do. */
export function checkLimits(config: Config): void {
  for (const [field, value] of numbersIn(config)) {
    const { min = -Infinity, max = Infinity, path } = field;
    if (typeof value === "number" && !(value >= min && value <= max))
      throw new ConfigError(`lab: ${path}, got ${value}, expected ${rangeOf(field)}`);
  }
}

/** `a number from 1 to 1,000`. */
export function rangeOf({ min, max, step }: NumberField): string {
  const [from, to] = [min, max].map((limit) => limit?.toLocaleString("en", { maximumSignificantDigits: 6 }));
  const what = step === 1 ? "a whole number" : "a number";
  if (from === undefined && to === undefined) return what;
  return `${what}${from === undefined ? "" : ` from ${from}`}${to === undefined ? "" : ` ${from === undefined ? "up " : ""}to ${to}`}`;
}

/** The value that a path of a config leads to. */
export function valueAt(config: Config, path: string): unknown {
  return path.split(".").reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], config);
}
