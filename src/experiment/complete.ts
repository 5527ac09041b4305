// What a short config leaves out.
import { partitionKinds } from "./partitionKinds.ts";
import { preset } from "./presets.ts";

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
  const { partition } = input;
  // a kind of partition alone begins as when its name is set
  const kind = isFields(partition) ? String(partition["kind"]) : "";
  const whole = Object.hasOwn(partitionKinds, kind)
    ? {
        ...input,
        partition: { ...partitionKinds[kind as keyof typeof partitionKinds].begins, ...(partition as Fields) },
      }
    : input;
  return merge({ ...preset(name) }, whole);
}

function merge(base: Fields, over: Fields): Fields {
  const both = Object.entries(over).map(([field, value]) => {
    const whole = field === "partition" || field === "files" || !isFields(value) || !isFields(base[field]);
    return [field, whole ? value : merge(base[field] as Fields, value)] as const;
  });
  return { ...base, ...Object.fromEntries(both) };
}
