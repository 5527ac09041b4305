// What a method's declaration says, as the page shows it: fields for its options, an address for its paper.
import { type Method, type Option, type Options, optionsOf, type Range } from "../../src/federated/method.ts";
import { methods } from "../../src/federated/methods/index.ts";
import type { Field } from "./fields.ts";

// in every run of the page anyway: the generalist is FedAvg's, and every client also trains alone
const always: ReadonlySet<string> = new Set(["fedavg", "local"]);

/** The methods that a run can be compared with, by name: the page's runs have no public rows and no groups. */
export const comparable: readonly Method[] = [...methods.values()].filter(
  ({ name, needsPublic, needsGroups }) => !always.has(name) && !needsPublic && !needsGroups,
);

/** The method of a name, if there is one. */
export function declared(name: string): Method | undefined {
  return methods.get(name);
}

/** A field for each of a method's options; its path is the option's in a config. */
export function fieldsOf({ name, options, ranges = {} }: Method): Field[] {
  return Object.entries(options).map(([option, usual]) => fieldOf(`methods.${name}.${option}`, option, usual, ranges[option])); // prettier-ignore
}

function fieldOf(path: string, label: string, usual: Option, { min, max, whole, of }: Range = {}): Field {
  if (typeof usual === "boolean") return { kind: "check", path, label };
  if (typeof usual === "string")
    return { kind: "choice", path, label, choices: (of ?? [usual]).map((value) => [value, value] as const) };
  const limits =
    min === undefined
      ? max === undefined ? "Any" : `Up to ${max}` // prettier-ignore
      : `${min} ${max === undefined ? "or more" : `to ${max}`}`;
  return {
    kind: "number",
    path,
    label,
    // a number of no lower limit has none in the page either
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
    step: whole ? 1 : "any",
    hint: `${limits}${whole ? ", whole" : ""}; ${usual} unless set.`,
  };
}

/** Sets of options that a declaration knows by name, the defaults first. */
export function settingsOf(method: Method): (readonly [name: string, options: Options])[] {
  const presets = Object.entries(method.presets ?? {}).flatMap(([name, { options }]) =>
    options && Object.keys(options).length > 0 ? [[name, optionsOf(method, options)] as const] : [],
  );
  return [["default", optionsOf(method)], ...presets];
}

/** Where a paper can be read; undefined for one that has no address. */
export function paperAddress(paper: string): string | undefined {
  const arxiv = /^arXiv (\d{4}\.\d{4,5})$/.exec(paper)?.[1];
  if (arxiv) return `https://arxiv.org/abs/${arxiv}`;
  const doi = /^(?:doi:? ?)?(10\.\d{4,}\/\S+)$/i.exec(paper)?.[1];
  return doi && `https://doi.org/${doi}`;
}
