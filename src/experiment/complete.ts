// What a short config leaves out.
import { partitionKinds } from "./partitionKinds.ts";
import { preset } from "./presets.ts";
import { shiftKinds } from "./shiftKinds.ts";

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * A config with everything that it does not say taken from the preset it names (`quick`, if it names none). Partition and
 * files are taken whole: their fields belong together. The result is to be checked by parseConfig.
 */
export function complete(input: unknown): unknown {
  if (!isFields(input)) return input;
  const { preset: name = "quick" } = input;
  if (typeof name !== "string") return input;
  return merge({ ...preset(name) }, begun(begun(input, "partition", partitionKinds), "shift", shiftKinds));
}

/** A kind of partition or shift alone begins as when its name is set. */
function begun(input: Fields, field: string, kinds: Readonly<Record<string, { readonly begins: object }>>): Fields {
  const given = input[field];
  const kind = isFields(given) ? given["kind"] : undefined;
  return typeof kind === "string" && Object.hasOwn(kinds, kind)
    ? { ...input, [field]: { ...kinds[kind]!.begins, ...(given as Fields) } }
    : input;
}

function merge(base: Fields, over: Fields): Fields {
  const both = Object.entries(over).map(([field, value]) => {
    const whole = field === "partition" || field === "files" || !isFields(value) || !isFields(base[field]);
    return [field, whole ? value : merge(base[field] as Fields, value)] as const;
  });
  return { ...base, ...Object.fromEntries(both) };
}
