// What a config's schema says of its fields, read off the schema itself: for `moiety config` and docs/config.md.
import type * as v from "valibot";
import type { Field, Told } from "./field.ts";

// what of a schema's parts is read, whichever kind it is
interface Part {
  readonly type: string;
  readonly pipe?: readonly Part[];
  readonly wrapped?: Part;
  readonly entries?: Readonly<Record<string, Part>>;
  readonly options?: readonly (Part | string | number)[];
  readonly literal?: string | number;
  readonly item?: Part;
  readonly items?: readonly Part[];
  readonly value?: Part;
  readonly requirement?: unknown;
  readonly message?: unknown;
  readonly metadata?: Told;
}

const optionals: ReadonlySet<string> = new Set(["optional", "exact_optional"]);

/** A schema without what may be left out around it. */
function inner(part: Part): Part {
  return optionals.has(part.type) ? inner(part.wrapped!) : part;
}

/** All steps of a schema, those of schemas within its pipe as well. */
function steps(part: Part): Part[] {
  return part.pipe ? part.pipe.flatMap((one, i) => (i === 0 && !one.pipe ? [one] : steps(one))) : [part];
}

function toldOf(part: Part): Partial<Told> {
  return part.pipe?.findLast(({ metadata }) => metadata)?.metadata ?? {};
}

/** The words of a message that says what is expected. */
function expected(part: Part): string | undefined {
  const said = steps(part).findLast(({ message }) => typeof message === "string")?.message as string | undefined;
  return said?.replace(/^expected (?:an? )?/, "");
}

function numbers(part: Part): string {
  const all = steps(part);
  const bound = (...types: readonly string[]): number[] =>
    all.filter(({ type }) => types.includes(type)).map(({ requirement }) => requirement as number);
  const [from, above, to, below] = [bound("min_value"), bound("gt_value"), bound("max_value"), bound("lt_value")];
  if (all.some(({ type }) => type === "safe_integer")) return "integer below 2^53";
  const parts = [
    all.some(({ type }) => type === "integer") ? "whole number" : "number",
    ...(above.length > 0 ? [`above ${Math.max(...above)}`] : from.length > 0 ? [`from ${Math.max(...from)}`] : []),
    ...(below.length > 0 ? [`below ${Math.min(...below)}`] : to.length > 0 ? [`to ${Math.min(...to)}`] : []),
  ];
  return parts.join(" ");
}

/** What a schema takes, in words. */
function limits(whole: Part): string {
  const part = inner(whole);
  switch (part.type) {
    case "number":
      return numbers(part);
    case "boolean":
      return "true or false";
    case "string":
      return expected(part) ?? "text";
    case "picklist":
      return part.options!.join(", ");
    case "literal":
      return String(part.literal);
    case "array":
      return `list of: ${limits(part.item!)}`;
    case "strict_tuple":
      return `[${part.items!.map(limits).join("; ")}]`;
    case "union":
      return [...new Set((part.options as readonly Part[]).map(limits))].join("; ");
    case "record":
      return "by name";
    case "variant":
      return `one of ${new Set(kindsOf(part)).size} kinds`;
    default:
      return "a group of fields";
  }
}

function kindsOf(variant: Part): string[] {
  return (variant.options as readonly Part[]).flatMap((option) => {
    const { options, literal } = option.entries!["kind"]!;
    return (options ?? [literal]).map(String);
  });
}

/** What lies below a field. */
function below(whole: Part, path: string): Field[] {
  const part = inner(whole);
  if (part.type === "record") return below(part.value!, `${path}.NAME`);
  if (part.type === "array") return below(part.item!, `${path}[]`);
  if (part.type === "variant") {
    const found = (part.options as readonly Part[]).flatMap((option) =>
      Object.entries(option.entries!)
        .filter(([key]) => key !== "kind")
        .flatMap(([key, entry]) => fieldOf(entry, `${path}.${key}`, kindsOf({ ...part, options: [option] }))),
    );
    return [
      { ...kind, path: `${path}.kind`, limits: kindsOf(part).join(", "), declaration: part.options! },
      ...together(found),
    ];
  }
  return Object.entries(part.entries ?? {}).flatMap(([key, entry]) => fieldOf(entry, `${path}.${key}`, []));
}

const kind = { kinds: [], optional: false, about: "which kind it is; the other fields are that kind's" };

function fieldOf(entry: Part, path: string, kinds: readonly string[]): Field[] {
  const at = path.replace(/^\./, "");
  const field = {
    ...toldOf(entry),
    path: at,
    kinds,
    limits: limits(entry),
    optional: optionals.has(entry.type),
    declaration: entry,
  };
  return [field, ...below(entry, at).map((one) => (one.kinds.length === 0 ? { ...one, kinds } : one))];
}

/** One field for several kinds that have the same. */
function together(fields: readonly Field[]): Field[] {
  const all = new Map<string, Field>();
  for (const field of fields) {
    const { path, about, limits, unless } = field;
    const key = JSON.stringify([path, about, limits, unless]);
    const known = all.get(key);
    all.set(key, known ? { ...known, kinds: [...new Set([...known.kinds, ...field.kinds])] } : field);
  }
  return [...all.values()];
}

/** Every field that a schema of objects declares, groups before what is in them. */
export function fieldsOf(schema: v.GenericSchema): Field[] {
  return below(schema as unknown as Part, "");
}
