#!/usr/bin/env node
// The command line: parse, call, print. Bad input ends in one line and exit code 2, bad data or a failed run in one line
// and exit code 1; a stack trace is for bugs.
import { readFileSync } from "node:fs";
import yargs from "yargs";
import { hideBin } from "yargs/helpers";
import { configCommand } from "./commands/config.ts";
import { dataCommand } from "./commands/data.ts";
import { flowerCommand } from "./commands/flower.ts";
import { joinCommand } from "./commands/join.ts";
import { methodsCommand } from "./commands/methods.ts";
import { privacyCommand } from "./commands/privacy.ts";
import { partitionCommand } from "./commands/partition.ts";
import { presetsCommand } from "./commands/presets.ts";
import { pullCommand } from "./commands/pull.ts";
import { reportCommand } from "./commands/report.ts";
import { runCommand } from "./commands/run.ts";
import { sweepCommand } from "./commands/sweep.ts";
import { verticalCommand } from "./commands/vertical.ts";
import { compareCommand } from "./commands/compare.ts";
import { checkFlags, checkWords } from "./given.ts";
import { onClosedPipe } from "./interrupt.ts";
import { refusal, shown } from "./failure.ts";

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

function fail(message: string, code: number): never {
  console.error(`moiety: ${message}`);
  process.exit(code);
}

const words = hideBin(process.argv);

const cli = yargs(words)
  .scriptName("moiety")
  .usage("$0 <command>\n\nFederated learning with a mixture of experts for every client.")
  .command(runCommand)
  .command(sweepCommand)
  .command(compareCommand)
  .command(verticalCommand)
  .command(partitionCommand)
  .command(presetsCommand)
  .command(configCommand)
  .command(methodsCommand)
  .command(privacyCommand)
  .command(dataCommand)
  .command(reportCommand)
  .command(flowerCommand)
  .command(joinCommand)
  .command(pullCommand)
  .demandCommand(1, "name a command")
  .strict()
  .middleware((args) => checkFlags(words, args))
  .version(version)
  .help()
  .wrap(Math.min(110, process.stdout.columns ?? 110))
  .fail((message, error) => {
    if (error) throw error;
    fail(`${message}; see moiety --help`, 2);
  });

onClosedPipe();
try {
  checkWords(words);
  await cli.parseAsync();
} catch (error) {
  fail(shown(error), refusal(error)?.code ?? 1);
}
