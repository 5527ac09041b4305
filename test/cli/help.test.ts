// What `--help` of every command teaches: what holds where a flag is not given, and how it is called.
import { readdirSync } from "node:fs";
import yargs, { type Argv, type CommandModule } from "yargs";
import { assert, test } from "../support/suite.ts";

const folder = new URL("../../src/cli/commands/", import.meta.url);
const modules = await Promise.all(
  readdirSync(folder).map(async (name) => (await import(new URL(name, folder).href)) as Record<string, CommandModule>),
);
const commands = modules.flatMap((module) =>
  Object.entries(module).flatMap(([name, one]) => (name.endsWith("Command") ? [one] : [])),
);

for (const { command, describe, builder } of commands) {
  const [name = ""] = String(command).split(" ");
  const built = (builder as (cli: Argv) => Argv)(yargs([]).scriptName("moiety").usage(String(describe)));
  const help = await built.wrap(400).getHelp();

  test(`moiety ${name} --help says what holds where a flag is not given`, () => {
    const lines = help.split("\n").filter((line) => /^\s+(?:-\w, )?--\w/.test(line));
    assert.ok(lines.length >= 2, help);
    for (const line of lines)
      if (!/--(?:help|version) /.test(line)) assert.match(line, /\[(?:default: .+|required)\]/, line);
  });

  test(`moiety ${name} --help teaches by examples`, () => assert.match(help, /Examples:\n\s+moiety /));
}

test("every command is there", () => assert.ok(commands.length >= 13));

test.run();
