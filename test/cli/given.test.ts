// Flags of every command, with values that are none: what an unset variable leaves of `--p=$P`.
import fc from "fast-check";
import yargs, { type CommandModule } from "yargs";
import { dataCommand } from "../../src/cli/commands/data.ts";
import { flowerCommand } from "../../src/cli/commands/flower.ts";
import { joinCommand } from "../../src/cli/commands/join.ts";
import { presetsCommand } from "../../src/cli/commands/presets.ts";
import { pullCommand } from "../../src/cli/commands/pull.ts";
import { reportCommand } from "../../src/cli/commands/report.ts";
import { runCommand } from "../../src/cli/commands/run.ts";
import { sweepCommand } from "../../src/cli/commands/sweep.ts";
import { checkFlags, checkWords } from "../../src/cli/given.ts";
import { assert, suite } from "../support/suite.ts";

const test = suite("what is given on the command line");

const commands = [
  runCommand,
  sweepCommand,
  presetsCommand,
  dataCommand,
  reportCommand,
  flowerCommand,
  joinCommand,
  pullCommand,
] as unknown as readonly CommandModule[];

/** What a command's handler would get of these words, through the gates of main.ts. */
async function read(command: CommandModule, words: readonly string[]): Promise<Record<string, unknown>> {
  let got: Record<string, unknown> | undefined;
  checkWords(words);
  await yargs([...words])
    .command({ ...command, handler: (args) => void (got = args) })
    .strict()
    .middleware((args) => checkFlags(words, args))
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new Error(message);
    })
    .parseAsync();
  return got!;
}

interface Flag {
  readonly command: CommandModule;
  /** The command with what it must have. */
  readonly words: readonly string[];
  readonly name: string;
  readonly type: "number" | "string" | "array";
}

/** Every flag of a command that takes a value, as its help has them. */
async function flagsOf(command: CommandModule): Promise<Flag[]> {
  const [name, ...places] = String(command.command).split(" ");
  const words = [
    name!,
    ...places.map(() => (name === "flower" ? "up" : "x")),
    ...(name === "pull" ? ["--publisher", "k"] : []),
  ];
  const help = await yargs([])
    .command({ ...command, command: "$0", handler: () => {} })
    .wrap(null)
    .getHelp();
  return [...help.matchAll(/^\s+--?([\w-]+) .*\[(number|string|array|choices)[^\n]*$/gm)].flatMap(([, flag, type]) =>
    flag === "help" || flag === "version"
      ? []
      : [{ command, words, name: flag!, type: type === "choices" ? "string" : (type as Flag["type"]) }],
  );
}

const flags = (await Promise.all(commands.map(flagsOf))).flat();

test("there are flags to try", () => {
  assert.ok(flags.length > 30, `${flags.length} flags`);
  assert.ok(flags.some(({ name, type }) => name === "p" && type === "number"));
});

const anyFlag = fc.constantFrom(...flags);
const blank = fc.constantFrom("", " ", "\t", "\n ");
const refused = /: got nothing, expected a value; is a variable unset\?$/;

async function refuses(flag: Flag, words: readonly string[], message: RegExp = refused): Promise<void> {
  const got = await read(flag.command, [...flag.words, ...words]).then(
    (args) => `taken: ${JSON.stringify(args[flag.name])}`,
    (error: Error) => error.message,
  );
  assert.match(got, message, words.join(" "));
}

test("no flag of any command takes an empty value, however it is written", async () => {
  await fc.assert(
    fc.asyncProperty(anyFlag, blank, async (flag, nothing) => {
      await refuses(flag, [`--${flag.name}=${nothing}`]);
      await refuses(flag, [`--${flag.name}`, nothing]);
      if (flag.name.length === 1) await refuses(flag, [`-${flag.name}=${nothing}`]);
    }),
  );
});

test("no flag but --resume stands without a value, at the end or before another", async () => {
  for (const flag of flags) {
    if (flag.name === "resume" || (flag.name === "publisher" && flag.words.includes("--publisher"))) continue;
    // choices are refused by yargs itself
    await refuses(flag, [`--${flag.name}`], /got nothing|Not enough|Invalid values|Choices/);
    const other = flag.command === runCommand || flag.command === sweepCommand ? ["--seed", "3"] : [];
    if (other.length > 0 && flag.name !== "seed")
      await refuses(flag, [`--${flag.name}`, ...other], /got nothing|Not enough|Invalid values|Choices/);
  }
  assert.is((await read(runCommand as unknown as CommandModule, ["run", "--resume"]))["resume"], "");
});

test("a number is a number, and given once", async () => {
  const numeric = fc.constantFrom(...flags.filter(({ type }) => type === "number"));
  const text = fc.constantFrom("x", "1,5", "0x", "1_000", "five", "NaN", "--1", "0x10", "0b1", "0o7", "Infinity");
  await fc.assert(
    fc.asyncProperty(numeric, text, async (flag, value) => {
      await refuses(flag, [`--${flag.name}=${value}`], /: got .*, expected a number$/);
    }),
  );
  const once = fc.constantFrom(
    ...flags.filter(({ name, type }) => type !== "array" && !["gate", "fidelity", "publisher"].includes(name)),
  );
  await fc.assert(
    fc.asyncProperty(once, async (flag) => {
      await refuses(flag, [`--${flag.name}=1`, `--${flag.name}=2`], /: got 1 and 2, expected one value; give it once$/);
    }),
  );
});

test("values as they are pass", async () => {
  await fc.assert(
    fc.asyncProperty(fc.double({ noNaN: true, noDefaultInfinity: true }), async (value) => {
      const args = await read(runCommand as unknown as CommandModule, ["run", "quick", `--p=${value}`]);
      assert.is(Object.is(args["p"], value) || args["p"] === value, true);
    }),
  );
  const set = await read(runCommand as unknown as CommandModule, ["run", "--set", "a=1", "--set", "b=", "--no-audit"]);
  assert.equal(set["set"], ["a=1", "b="]);
});

test.run();
