// The worker behind the page: holds data and runs, starts the trainers, answers questions. Nothing here sees the page, and
// nothing of this size runs on the page's own thread.
import { isAddress } from "../src/experiment/ownNetworks.ts";
import type { Setup } from "../src/experiment/setup.ts";
import { run } from "../src/experiment/run.ts";
import type { RunResult } from "../src/experiment/runOptions.ts";
import type { LiveEvent } from "../src/experiment/watch.ts";
import { encodeZip } from "../src/io/zip.ts";
import { openDocument, renderRunReport } from "../src/report/index.ts";
import { workerPort } from "../src/runtime/platform.ts";
import { Batch } from "./conductor/batch.ts";
import { browserName } from "./conductor/browser.ts";
import { type LabDataset, openData, type Opened } from "./conductor/datasets.ts";
import { Oracle } from "./conductor/oracle.ts";
import { Onlooker } from "./conductor/onlooker.ts";
import { outlineClients } from "./conductor/outline.ts";
import { filesOf, type Part, partsOf } from "./conductor/parts.ts";
import { specimens } from "./conductor/specimens.ts";
import { startTrainers, trainerCount } from "./conductor/trainers.ts";
import { labEvents } from "./conductor/events.ts";
import type { Conducting, LabEvent } from "./messages.ts";
import { answerOver, type Service } from "./wire.ts";

let opened: Opened | undefined;
let parts: Part[] = [];
let stop = new AbortController();
let oracle: Oracle | undefined;

const data = (): LabDataset => {
  if (!opened) throw new Error("lab: no data are open; choose a dataset");
  return opened.dataset;
};

// runs a part to its end, or to a pause, which has no summary
async function runPart({ config, store, compared }: Part, resume: boolean): Promise<RunResult> {
  const events = new Batch<LabEvent>(tell);
  let begun: Setup | undefined;
  return run({
    config,
    dataset: data(),
    store,
    resume,
    signal: stop.signal,
    pool: (setup) => {
      const ours = (begun = { ...setup, dataset: data() });
      const hear = (event: LiveEvent): void => events.add(event);
      // who is asked, and whose way is drawn, are the page's own models
      if (compared) return startTrainers(setup, hear, () => {});
      const listener = new Oracle(ours, store);
      const onlooker = new Onlooker(ours, (standing) => events.add(standing));
      oracle = listener;
      return startTrainers(setup, hear, (generalist, part) => {
        listener.believe(generalist);
        onlooker.see(generalist, part);
      });
    },
    onEvent: (event) => labEvents(event, begun, compared).forEach((one) => events.add(one)),
    render: async (records) => renderRunReport(records, await openDocument()),
    command: "moiety run config.json",
    runtime: `${browserName(navigator.userAgent)}, ${trainerCount()} workers, the lab`,
  }).finally(() => events.flush());
}

const service: Conducting = {
  open: async (choice) => {
    opened = await openData(choice);
    oracle = undefined;
    const { kind, classes, shape, train, test } = opened.dataset;
    return { kind, classes, shape, train: train.rows, test: test.rows, names: opened.names };
  },
  outline: (config) => {
    // another run: its clients are others, whatever those of the last have learnt
    oracle = undefined;
    return outlineClients(config, data());
  },
  run: async ({ config, resume }) => {
    // an address may name anything, and a module that it names would run here
    if (isAddress(config.model)) throw new Error("lab: networks from elsewhere are not loaded here; use lenet or mlp");
    for (const name of Object.keys(config.methods ?? {}))
      if (isAddress(name)) throw new Error(`lab: methods from elsewhere are not loaded here, got ${name}`);
    if (!resume) parts = partsOf(config);
    stop = new AbortController();
    for (const part of parts) {
      if (part.summary) continue;
      const result = await runPart(part, resume);
      if (!result.finished) return result;
      part.summary = result.records.summary;
    }
    return { finished: true, summary: parts[0]!.summary!, compared: parts[1]?.summary };
  },
  pause: () => stop.abort(),
  answer: async ({ client, inputs }) => oracle?.answer(client, inputs),
  specimens: (which) => specimens(data(), which),
  archive: () => encodeZip(filesOf(parts)),
};

const tell = answerOver(await workerPort(), service as Service);
