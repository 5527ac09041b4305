// The command line up to where its work would begin: what documents and services call it with is held against it.
import { readdirSync } from "node:fs";
import yargs, { type CommandModule } from "yargs";
import { checkFlags, checkWords } from "../../src/cli/given.ts";
import { configOf } from "../../src/cli/configOf.ts";

const folder = new URL("../../src/cli/commands/", import.meta.url);
const modules = await Promise.all(
  readdirSync(folder).map(async (name) => (await import(new URL(name, folder).href)) as Record<string, CommandModule>),
);
export const commands: readonly CommandModule[] = modules.flatMap((module) => Object.entries(module).flatMap(([name, one]) => (name.endsWith("Command") ? [one] : []))); // prettier-ignore

class Parsed extends Error {
  readonly args: Readonly<Record<string, unknown>>;
  constructor(args: Readonly<Record<string, unknown>>) {
    super("parsed");
    this.args = args;
  }
}

/** Parses what follows `moiety` as the command line does, and stops before the command's work. @returns its flags */
export async function parse(words: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  checkWords(words);
  let cli = yargs([...words]).scriptName("moiety");
  for (const command of commands) cli = cli.command(command);
  cli = cli
    .demandCommand(1)
    .strict()
    .middleware((args) => {
      checkFlags(words, args);
      throw new Parsed(args);
    })
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new Error(message);
    });
  if (words[0] === "--help") return {};
  const parsed = await Promise.resolve()
    .then(() => cli.parseAsync())
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  if (!(parsed instanceof Parsed)) throw parsed instanceof Error ? parsed : new Error("it was not parsed");
  const { experiment } = parsed.args as { experiment?: string };
  if (["run", "sweep", "compare"].includes(words[0]!) && experiment !== undefined)
    await configOf(experiment, parsed.args);
  return parsed.args;
}
