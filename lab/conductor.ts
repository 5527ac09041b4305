// The worker behind the page: holds data and runs, starts the trainers, answers questions. Nothing here sees the page, and
// nothing of this size runs on the page's own thread.
import { isAddress } from "../src/experiment/ownNetworks.ts";
import type { Config } from "../src/experiment/config.ts";
import type { ExperimentCalls } from "../src/experiment/clients.ts";
import { type Setup, setUp } from "../src/experiment/setup.ts";
import { run } from "../src/experiment/run.ts";
import type { RunResult } from "../src/experiment/runOptions.ts";
import { encodeZip } from "../src/io/zip.ts";
import { openDocument, renderRunReport } from "../src/report/index.ts";
import { workerPort } from "../src/runtime/platform.ts";
import type { Pool } from "../src/runtime/pool.ts";
import { Agency } from "./conductor/agency.ts";
import { Batch } from "./conductor/batch.ts";
import { browserName } from "./conductor/browser.ts";
import { type LabDataset, openData, type Opened, OwnFiles } from "./conductor/datasets.ts";
import { Oracle } from "./conductor/oracle.ts";
import { Onlooker } from "./conductor/onlooker.ts";
import { outlineClients } from "./conductor/outline.ts";
import { setPace } from "./conductor/pace.ts";
import type { Guest } from "./conductor/guest.ts";
import type { Lead, TabOptions } from "./conductor/lead.ts";
import { filesOf, generalistHash, type Part, reachedOf } from "./conductor/parts.ts";
import { replay } from "./conductor/replay.ts";
import { type PageRun, Runs } from "./conductor/runs.ts";
import { unshared } from "./conductor/shares.ts";
import { ownRows, specimens } from "./conductor/specimens.ts";
import { putToWork, trainerCount, type Witness } from "./conductor/trainers.ts";
import { labEvents } from "./conductor/events.ts";
import type { Conducting, Ending, LabEvent } from "./messages.ts";
import { answerOver, type Service } from "./wire.ts";

const ownFiles = new OwnFiles();
let opened: Opened | undefined;
let stop = new AbortController();
let oracle: Oracle | undefined;
// the clients of the set-up
let laid: Setup<LabDataset> | undefined;
// where the run is one of two tabs
let together: Lead | Guest | undefined;
let trainers: Pool<ExperimentCalls> | undefined;
// what the reader wants of a run that goes on
let wanted: "run" | "step" | "pause" | "halt" = "run";

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
    pool: async (setup) => {
      const ours = (begun = { ...setup, dataset: data() });
      // who is asked, and whose way is drawn, are the page's own models
      const onlooker = compared ? undefined : new Onlooker(ours, (standing) => events.add(standing));
      const listener = compared ? undefined : (oracle = new Oracle(ours, store, opened?.cells));
      const witness: Witness = (generalist, part) => {
        listener?.believe(generalist);
        onlooker?.see(generalist, part);
      };
      const ports = await agency.start(trainerCount());
      return (trainers = putToWork(ports, setup, (event) => events.add(event), witness));
    },
    onEvent: (event) => {
      if (event.kind === "round") runs.note(`${event.method ?? "together"}, round ${event.round + 1}`, false);
      if (wanted === "step" && (event.kind === "round" || event.kind === "personalized")) {
        wanted = "pause";
        stop.abort();
      }
      labEvents(event, begun, compared).forEach((one) => events.add(one));
    },
    render: async (records) => renderRunReport(records, await openDocument()),
    command: "moiety run config.json",
    runtime: `${browserName(navigator.userAgent)}, ${trainerCount()} workers, the lab`,
  }).finally(() => {
    trainers = undefined;
    events.flush();
  });
}

async function runParts({ parts }: PageRun, resume: boolean): Promise<Ending> {
  for (const part of parts) {
    if (part.summary) continue;
    const result = await runPart(part, resume).catch((error: unknown): RunResult => {
      // trainers that were ended have answered nothing
      if (wanted !== "halt") throw error;
      return { finished: false, at: "its last checkpoint" };
    });
    if (!result.finished) return result;
    part.summary = result.records.summary;
  }
  return endingOf(parts);
}

function endingOf([own, beside]: readonly Part[]): Ending {
  const [summary, compared] = [own?.summary, beside?.summary];
  if (!summary || (beside && !compared)) return { finished: false, at: "" };
  const file = own!.store.files.get("generalist.safetensors");
  return { finished: true, summary, compared, ...(file && { generalist: generalistHash(file) }) };
}

// one of two tabs, with the clients that are laid out
async function tabOptions(config: Config, id: string): Promise<TabOptions> {
  refuseModules(config);
  laid ??= { ...setUp(config, data()), dataset: data() };
  const odd = unshared(laid);
  if (odd) throw new Error(`lab: ${odd}`);
  return { id, setup: laid, trainers: () => agency.start(trainerCount()), tell };
}

function leaveTab(): void {
  together?.close("the first tab has another set-up now: open this one again from there");
  together = undefined;
}

// an address may name anything, and a module that it names would run here
function refuseModules({ model, methods = {} }: Config): void {
  if (isAddress(model)) throw new Error("lab: networks from elsewhere are not loaded here; use lenet or mlp");
  for (const name of Object.keys(methods))
    if (isAddress(name)) throw new Error(`lab: methods from elsewhere are not loaded here, got ${name}`);
}

const service: Conducting = {
  look: (files) => ownFiles.look(files),
  open: async (choice) => {
    opened = await openData(choice, ownFiles);
    oracle = laid = undefined;
    const { dataset, names, cells } = opened;
    const { kind, classes, shape, train, test, owners } = dataset;
    const rows = { train: train.rows, test: test.rows };
    return { kind, classes, shape, ...rows, names, owners: owners?.names.length, columns: cells?.columns };
  },
  outline: (config) => {
    leaveTab();
    // another run: its clients are others, whatever those of the last have learnt
    oracle = laid = undefined;
    runs.leave();
    laid = { ...setUp(config, data()), dataset: data() };
    return outlineClients(laid);
  },
  run: async ({ config, resume, step = false }) => {
    refuseModules(config);
    if (together && "run" in together) return together.run(resume, step);
    const current = (resume && runs.current) || (await runs.begin(config));
    wanted = step ? "step" : "run";
    try {
      for (let again = resume; ; again = true) {
        stop = new AbortController();
        const ending = await runParts(current, again);
        // a pause that was taken back is none
        if (!ending.finished && wanted === "run") continue;
        if (ending.finished) runs.finish(reachedOf(ending));
        else runs.note(ending.at);
        return ending;
      }
    } catch (error) {
      runs.note("stopped by an error");
      throw error;
    }
  },
  invite: async ({ config, id }) => {
    leaveTab();
    const [options, { Lead: First }] = [await tabOptions(config, id), await import("./conductor/lead.ts")];
    together = await First.open(options);
  },
  join: async ({ config, id }) => {
    leaveTab();
    const [options, { Guest: Second }] = [await tabOptions(config, id), await import("./conductor/guest.ts")];
    return (together = await Second.open(options)).join();
  },
  pause: () => {
    if (together && "pause" in together) together.pause();
    wanted = "pause";
    stop.abort();
  },
  carryOn: () => void (wanted = "run"),
  started: ({ number, ports }) => agency.started(number, ports),
  broken: ({ number, message }) => agency.broken(number, message),
  pace: setPace,
  halt: async () => {
    wanted = "halt";
    stop.abort();
    if (together && "pause" in together) together.pause();
    await trainers?.close();
  },
  kept: () => runs.list(),
  reopen: async (id) => {
    const { config, parts } = await runs.open(id);
    refuseModules(config);
    const ending = endingOf(parts);
    const [{ store }] = parts as [Part];
    const generalist = store.files.get("generalist.safetensors");
    if (generalist) {
      oracle = new Oracle({ ...setUp(parts[0]!.config, data()), dataset: data() }, store, opened?.cells);
      oracle.believeFile(generalist);
    }
    return { events: parts.flatMap(replay), ending };
  },
  forget: (id) => runs.remove(id),
  answer: async ({ client, inputs }) => (together ? together.oracle : oracle)?.answer(client, inputs),
  specimens: (which) => specimens(data(), which, opened?.cells),
  owned: (whose) => (laid ? ownRows(laid, whose) : []),
  archive: (name) => encodeZip(filesOf(runs.current?.parts ?? [], name)),
};

const tell = answerOver(await workerPort(), service as Service);
const agency = new Agency(tell);
const runs = new Runs((why) => tell([{ kind: "note", text: `This browser keeps no runs (${why}): export what you want to keep.` }])); // prettier-ignore
