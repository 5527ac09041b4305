// moiety config: the fields of a config, what each means, what it begins as and what it takes.
import type { CommandModule } from "yargs";
import { ConfigError } from "../../experiment/config.ts";
import { configFields } from "../../experiment/schema.ts";
import type { Field } from "../../experiment/schema/field.ts";
import { defaultOf } from "../../experiment/schema/defaults.ts";

interface ConfigArguments {
  field: string | undefined;
}

// alone on its line and those below it, as `--set` takes it
function lines(field: Field): string[] {
  const { path, kinds, about, limits, matters } = field;
  const begins = defaultOf(field);
  return [
    `${path}${begins ? ` = ${begins}` : ""}`,
    `    ${about}${kinds.length > 0 ? ` (${kinds.join(", ")})` : ""}`,
    `    ${limits}${matters ? `; matters for: ${matters}` : ""}`,
  ];
}

/** The fields at a path and below it; all of the first level where there is none. */
function chosen(path: string | undefined): Field[] {
  const fields = configFields();
  if (path === undefined) return fields.filter(({ path }) => !path.includes("."));
  const found = fields.filter((field) => field.path === path || field.path.startsWith(`${path}.`));
  if (found.length > 0) return found;
  const names = fields.map((field) => field.path).filter((one) => !one.includes("."));
  const like = fields.filter((field) => field.path.split(".").includes(path.split(".").at(-1)!));
  throw new ConfigError(
    `config: no field ${path}; ${like.length > 0 ? `is it ${like.map((field) => field.path).join(", ")}?` : `there are ${names.join(", ")}`}`,
  );
}

export const configCommand: CommandModule<object, ConfigArguments> = {
  command: "config [field]",
  describe: "what can be set: a config's fields with their meaning, default and limits",
  builder: (yargs) =>
    yargs
      .positional("field", {
        type: "string",
        defaultDescription: "the first level",
        describe: "a field or a group of them, as in federation.lr",
      })
      .example("$0 config", "the groups")
      .example("$0 config federation", "everything about the federation")
      .example("$0 config partition.alpha", "one field") as never,
  handler: ({ field }) => {
    for (const one of chosen(field)) console.log(lines(one).join("\n"));
    console.log("\n--set FIELD=VALUE changes one on run, sweep and compare; --vary FIELD=VALUE,VALUE tries several");
  },
};
