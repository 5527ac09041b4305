// moiety methods: which federated methods there are, and what each can be told.
import type { CommandModule } from "yargs";
import { methods } from "../../federated/methods/index.ts";
import type { Method, Range } from "../../federated/method.ts";
import { ConfigError } from "../../experiment/index.ts";

interface MethodsArguments {
  name: string | undefined;
  json: boolean;
}

function bounds({ min, max, whole, of }: Range = {}): string {
  if (of) return ` (${of.join(", ")})`;
  const parts = [
    ...(whole ? ["whole"] : []),
    ...(min === undefined ? [] : [`from ${min}`]),
    ...(max === undefined ? [] : [`to ${max}`]),
  ];
  return parts.length > 0 ? ` (${parts.join(" ")})` : "";
}

function list(names: readonly string[]): string {
  return names.join(", ") || "nothing";
}

function whole({
  name,
  paper,
  about,
  options,
  ranges = {},
  sends,
  receives = sends,
  keeps = [],
  laws = [],
  presets = {},
}: Method): string {
  const lines = [
    `${name}${paper ? `, ${paper}` : ""}`,
    about,
    "",
    `sends     ${list(sends)}`,
    `is sent   ${list(receives)}`,
    `keeps     ${list(keeps)}`,
  ];
  for (const [option, value] of Object.entries(options))
    lines.push(`option    ${name}.${option}=${value}${bounds(ranges[option])}`);
  for (const { when, is, with: other } of laws)
    lines.push(`law       with ${JSON.stringify(when)} it is ${is}${other ? ` with ${JSON.stringify(other)}` : ""}`);
  for (const [preset, { note, ...settings }] of Object.entries(presets))
    lines.push(`preset    ${preset}: ${JSON.stringify(settings)}${note ? `; ${note}` : ""}`);
  return lines.join("\n");
}

export const methodsCommand: CommandModule<object, MethodsArguments> = {
  command: "methods [name]",
  describe: "list the federated methods that --method takes, or tell all about one",
  builder: (yargs) =>
    yargs
      .positional("name", { type: "string", describe: "a method's name" })
      .option("json", { type: "boolean", default: false, describe: "the declarations, for programs" }),
  handler: ({ name, json }) => {
    const found = name === undefined ? undefined : methods.get(name);
    if (name !== undefined && !found)
      throw new ConfigError(`methods: got ${name}, expected one of ${[...methods.keys()].join(", ")}`);
    const shown = found ? [found] : [...methods.values()];
    if (json) {
      console.log(JSON.stringify(shown, null, 2));
      return;
    }
    if (found) {
      console.log(whole(found));
      return;
    }
    const width = Math.max(...shown.map((one) => one.name.length)) + 2;
    for (const { name: one, paper, about, options } of shown) {
      console.log(`${one.padEnd(width)}${about}${paper ? ` (${paper})` : ""}`);
      const told = Object.entries(options).map(([option, value]) => `${option}=${value}`);
      if (told.length > 0) console.log(`${"".padEnd(width)}${told.join(", ")}`);
    }
  },
};
