// The real thing: SuperLink, ServerApp and moiety clients on loopback. `npm run test:flower`; slow, so not part of npm test.
import { flowerEnvironment } from "./support/python.ts";

const environment = flowerEnvironment();
if ("missing" in environment) {
  console.log(`skipped: ${environment.missing}`);
} else {
  const wanted = process.argv[2];
  const suites = {
    basics: async () => (await import("./real/basics.ts")).basics,
    parity: async () => (await import("./real/parity.ts")).parity,
    crowd: async () => (await import("./real/crowd.ts")).crowd,
    mixed: async () => (await import("./real/mixed.ts")).mixed,
    browser: async () => (await import("./real/browser.ts")).browser,
    cli: async () => (await import("./real/cli.ts")).cli,
    deno: async () => (await import("./real/deno.ts")).deno,
    faults: async () => (await import("./real/faults.ts")).faults,
  };
  for (const [name, load] of Object.entries(suites)) if (wanted === undefined || wanted === name) (await load()).run();
}
