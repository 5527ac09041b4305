// The worker behind the page: holds data and runs, starts the trainers, answers questions. Nothing here sees the page, and
// nothing of this size runs on the page's own thread.
import type { ImageDataset } from "../src/data/index.ts";
import { MemoryStore } from "../src/experiment/store.ts";
import { run } from "../src/experiment/run.ts";
import { encodeZip } from "../src/io/zip.ts";
import { openDocument, renderRunReport } from "../src/report/index.ts";
import { workerPort } from "../src/runtime/platform.ts";
import { Batch } from "./conductor/batch.ts";
import { browserName } from "./conductor/browser.ts";
import { openData } from "./conductor/datasets.ts";
import { Oracle } from "./conductor/oracle.ts";
import { Onlooker } from "./conductor/onlooker.ts";
import { outlineClients } from "./conductor/outline.ts";
import { pictures } from "./conductor/pictures.ts";
import { startTrainers, trainerCount } from "./conductor/trainers.ts";
import { labEvents } from "./conductor/events.ts";
import type { Conducting, LabEvent } from "./messages.ts";
import { answerOver, type Service } from "./wire.ts";

let dataset: ImageDataset | undefined;
let store = new MemoryStore();
let stop = new AbortController();
let oracle: Oracle | undefined;

const data = (): ImageDataset => {
  if (!dataset) throw new Error("lab: no data are open; choose a dataset");
  return dataset;
};

const service: Conducting = {
  open: async (choice) => {
    dataset = await openData(choice);
    const { name, classes, shape, train, test } = dataset;
    return { name, classes, shape, train: train.rows, test: test.rows };
  },
  outline: (config) => outlineClients(config, data()),
  run: async ({ config, resume }) => {
    if (!resume) store = new MemoryStore();
    stop = new AbortController();
    const events = new Batch<LabEvent>(tell);
    const result = await run({
      config,
      dataset: data(),
      store,
      resume,
      signal: stop.signal,
      pool: (setup) => {
        const ours = { ...setup, dataset: data() };
        const listener = new Oracle(ours, store);
        const onlooker = new Onlooker(ours, (standing) => events.add(standing));
        oracle = listener;
        return startTrainers(
          setup,
          (event) => events.add(event),
          (generalist, part) => {
            listener.believe(generalist);
            onlooker.see(generalist, part);
          },
        );
      },
      onEvent: (event) => labEvents(event, oracle!.setup).forEach((one) => events.add(one)),
      render: async (records) => renderRunReport(records, await openDocument()),
      command: "moiety run config.json",
      runtime: `${browserName(navigator.userAgent)}, ${trainerCount()} workers, the lab`,
    }).finally(() => events.flush());
    return result.finished ? { finished: true, summary: result.records.summary } : result;
  },
  pause: () => stop.abort(),
  answer: ({ client, pixels }) => {
    if (!oracle) throw new Error("lab: nothing is trained yet; start a run");
    return oracle.answer(client, pixels);
  },
  pictures: (which) => pictures(data(), which),
  archive: () => encodeZip(store.files),
};

const tell = answerOver(await workerPort(), service as Service);
