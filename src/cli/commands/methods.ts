// moiety methods: which federated methods there are, and what each can be told.
import type { CommandModule } from "yargs";
import { methods } from "../../federated/methods/index.ts";
import type { Method, Range } from "../../federated/method.ts";
import { vertical } from "../../federated/vertical/index.ts";
import { usualOptions } from "../../experiment/chosenMethods.ts";
import { ConfigError, loadMethods, methodOf } from "../../experiment/index.ts";
import { isAddress } from "../../experiment/ownNetworks.ts";
import { type Personal, personals } from "../../moe/index.ts";
import { resolved } from "../configOf.ts";

/** What is told of a federation, whichever loop runs it. */
type Federated = Pick<Method, "name" | "paper" | "about" | "options" | "sends"> & Partial<Method>;

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

// what was built from, where that is little
function source({ paper, after }: Pick<Method, "paper" | "after">): string {
  return [paper, after && "built after its abstract"].filter(Boolean).join(", ");
}

function list(names: readonly string[]): string {
  return names.join(", ") || "nothing";
}

function whole({
  name,
  about,
  options,
  ranges = {},
  sends,
  receives = sends,
  keeps = [],
  peers = [],
  laws = [],
  presets = {},
  needsPublic,
  needsGroups,
  ...of
}: Federated): string {
  const from = source(of);
  const lines = [
    `${name}${from ? `, ${from}` : ""}`,
    about,
    "",
    `sends     ${list(sends)}`,
    `is sent   ${list(receives)}`,
    `keeps     ${list(keeps)}`,
    ...(peers.length > 0 ? [`of peers  ${list(peers)}`] : []),
    ...(needsPublic ? ["needs     publicRows"] : []),
    ...(needsGroups ? ["needs     files.group"] : []),
    ...(name === vertical.name ? ["runs as   moiety vertical CONFIG, whose field vertical has the options"] : []),
  ];
  for (const [option, value] of Object.entries(options))
    lines.push(`option    ${name}.${option}=${value}${bounds(ranges[option])}`);
  for (const { when, is, with: other } of laws)
    lines.push(`law       with ${JSON.stringify(when)} it is ${is}${other ? ` with ${JSON.stringify(other)}` : ""}`);
  for (const [preset, { note, ...settings }] of Object.entries(presets))
    lines.push(`preset    ${preset}: ${JSON.stringify(settings)}${note ? `; ${note}` : ""}`);
  return lines.join("\n");
}

// a default that a config has for all of a client's private training
const RUNS = "(the run's)";

function isFederated(one: Federated | Personal): one is Federated {
  return "sends" in one;
}

function wholeValue(value: Personal): string {
  const { name, about, ranges = {} } = value;
  const from = source(value);
  const options = Object.entries(usualOptions(value)).map(
    ([option, usual]) => `option    fedavg+${name}.${option}=${usual ?? RUNS}${bounds(ranges[option])}`,
  );
  return [`+${name}${from ? `, ${from}` : ""}`, about, "", "sends     nothing", ...options].join("\n");
}

// what comes with moiety, or the method of a module
async function named(name: string): Promise<Federated | Personal> {
  if (name === vertical.name) return vertical;
  const known = methods.get(name) ?? personals.get(name.replace(/^.*\+/, ""));
  if (known) return known;
  const { methods: chosen = {} } = resolved({ methods: { [name]: {} } }, ".") as { methods?: Record<string, object> };
  const [address = name] = Object.keys(chosen);
  if (!isAddress(address))
    throw new ConfigError(
      `methods: got ${name}, expected one of ${[...methods.keys(), ...[...personals.keys()].map((one) => `+${one}`)].join(", ")}, or a module (./mine.js)`,
    );
  await loadMethods({ methods: { [address]: {} } });
  return methodOf(address);
}

export const methodsCommand: CommandModule<object, MethodsArguments> = {
  command: "methods [name]",
  describe: "list what --method takes: federated methods, and what clients make of one; or tell all about one",
  builder: (yargs) =>
    yargs
      .positional("name", {
        type: "string",
        defaultDescription: "all",
        describe: "a method's name, or a module with one of your own",
      })
      .option("json", { type: "boolean", default: false, describe: "the declarations, for programs" })
      .example("$0 methods", "a line for each")
      .example("$0 methods ditto", "what it sends and keeps, its options with their limits, how its paper ran it")
      .example("$0 methods ./mine.js", "one of your own (docs/methods.md)"),
  handler: async ({ name, json }) => {
    const found = name === undefined ? undefined : await named(name);
    const shown: readonly (Federated | Personal)[] = found
      ? [found]
      : [...methods.values(), vertical, ...personals.values()];
    if (json) {
      const told = shown.map((one) => (isFederated(one) ? one : { ...one, options: usualOptions(one) }));
      console.log(JSON.stringify(told, null, 2));
      return;
    }
    if (found) {
      console.log(isFederated(found) ? whole(found) : wholeValue(found));
      return;
    }
    const nameOf = (one: Federated | Personal): string => (isFederated(one) ? one.name : `+${one.name}`);
    const width = Math.max(...shown.map((one) => nameOf(one).length)) + 2;
    for (const one of shown) {
      const from = source(one);
      console.log(`${nameOf(one).padEnd(width)}${one.about}${from ? ` (${from})` : ""}`);
      const told = Object.entries(isFederated(one) ? one.options : usualOptions(one));
      if (told.length > 0)
        console.log(`${"".padEnd(width)}${told.map(([option, value]) => `${option}=${value ?? RUNS}`).join(", ")}`);
    }
  },
};
