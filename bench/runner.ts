// The process in which moiety's own cases run. With --peak it measures nothing but the machine's limit.
import { peak } from "./peak.ts";
import { serve } from "./protocol.ts";
import type { Prepared } from "./suite.ts";
import { suites } from "./suites/index.ts";

function find(suite: string, name: string): Prepared {
  const found = suites.find((one) => one.name === suite)?.cases.find((one) => one.name === name);
  if (!found) throw new Error(`runner: no case ${name} in suite ${suite}`);
  return found.prepare();
}

const limit = process.argv.includes("--peak");
await serve(({ suite, name }) => (limit ? peak() : find(suite, name)));
