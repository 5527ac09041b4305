// The page: wires the notebook to its views and to the conductor. All training and evaluation happens in workers; here is
// only listening and drawing.
import { type Config, ConfigError } from "../src/experiment/config.ts";
import { parseConfig } from "../src/experiment/schema.ts";
import { accuracyCurve, lossCurves } from "../src/report/figures/curves.ts";
import { classTrust } from "../src/report/figures/gate.ts";
import { startWorker } from "../src/runtime/platform.ts";
import type { Conducting, LabEvent } from "./messages.ts";
import { defaultConfig, readAddress, writeAddress } from "./page/address.ts";
import { ClientView } from "./page/client.ts";
import { ControlsView } from "./page/controls.ts";
import { byId, el } from "./page/element.ts";
import { FigureView } from "./page/figure.ts";
import { Form } from "./page/form.ts";
import { Frames, type View } from "./page/frames.ts";
import { inlineMark, modelNames } from "./page/marks.ts";
import { MethodsView } from "./page/methods.ts";
import { type Model, Notebook, type Topic } from "./page/notebook.ts";
import { PlaneView } from "./page/plane.ts";
import { RosterView } from "./page/roster.ts";
import { saveFile } from "./page/save.ts";
import { StatusView } from "./page/status.ts";
import { TallyView } from "./page/tally.ts";
import { askOver } from "./wire.ts";

const frames = new Frames();
const watchers = new Map<View, readonly Topic[]>();
const notebook = new Notebook((topics) =>
  frames.want(
    [...watchers].filter(([, wanted]) => wanted.some((topic) => topics.includes(topic))).map(([view]) => view),
  ),
);

const port = await startWorker(new URL("./conductor.js", import.meta.url));
port.onError((error) => notebook.enter("failed", `lab: a worker has stopped, ${error.message}; reload the page`));
const ask = askOver<Conducting>(port, (events) => notebook.hear(events as LabEvent[]));

let config: Config = defaultConfig();

const choose = (client: number | undefined): void => {
  const before = chosen;
  chosen = client;
  for (const view of [plane, roster]) view.choose(client);
  frames.want([plane, roster]);
  closeUp.show(client);
  // back to where one came from
  if (client === undefined && before !== undefined) plane.focus(before);
};
let chosen: number | undefined;

const plane = new PlaneView(byId("plane-figure"), notebook, choose);
const roster = new RosterView(byId("clients"), notebook, choose);
const closeUp = new ClientView(byId("client"), notebook, ask, choose);
const controls = new ControlsView(byId("controls"), notebook, {
  start: () => void go(false),
  resume: () => void go(true),
  pause: () => {
    notebook.enter("pausing");
    void ask("pause", null);
  },
  renew: () => void prepare(config),
  share: () => navigator.clipboard.writeText(location.href),
  save: async () => saveFile(`${runName(config)}.zip`, await ask("archive", null)),
});
const form = new Form(byId("form"), (wanted) => void prepare(wanted));

const rounds = (width: number, figure: typeof lossCurves): ReturnType<typeof lossCurves> | undefined =>
  notebook.rounds.length > 0
    ? figure(notebook.rounds, {
        width,
        ...(notebook.phase?.phase === "federation" && { rounds: notebook.phase.total }),
      })
    : undefined;

watchers
  .set(controls, ["stage"])
  .set(new StatusView({ line: byId("status"), progress: byId("progress"), problem: byId("problem") }, notebook), [
    "stage",
  ])
  .set(plane, ["places", "stage", "outline"])
  .set(roster, ["clients", "results", "outline"])
  .set(new TallyView(byId("tally"), notebook), ["results", "outline"])
  .set(new MethodsView(byId("methods"), notebook), ["results", "outline"])
  .set(
    new FigureView(byId("loss-figure"), {
      figure: (width) => rounds(width, lossCurves),
      empty: "A point for every round.",
    }),
    ["rounds", "phase", "outline"],
  )
  .set(
    new FigureView(byId("accuracy-figure"), {
      figure: (width) => rounds(width, accuracyCurve),
      empty: "A point for every validation.",
    }),
    ["rounds", "phase", "outline"],
  )
  .set(
    new FigureView(byId("trust-figure"), {
      figure: (width) =>
        notebook.gates.size > 0
          ? classTrust([...notebook.gates.values()], { width, classNames: notebook.data?.classes ?? [] })
          : undefined,
      empty: "Every client that is done adds its points.",
      every: 700,
    }),
    ["results", "outline"],
  )
  .set(closeUp, ["clients", "results", "rounds"]);

legend();
new ResizeObserver(() => frames.want(watchers.keys())).observe(document.querySelector("main")!);
addEventListener("hashchange", () => void load());
await load();

/** Takes the address at its word. */
async function load(): Promise<void> {
  try {
    config = location.hash ? readAddress(location.hash) : defaultConfig();
  } catch (error) {
    return refuse(error);
  }
  if (!notebook.data) {
    try {
      notebook.data = await ask("open", { kind: "bundled" });
    } catch (error) {
      return notebook.enter("failed", messageOf(error));
    }
  }
  await prepare(config);
}

/** Shows a config, keeps it in the address, and asks who would own what. */
async function prepare(wanted: unknown): Promise<void> {
  try {
    config = parseConfig(wanted);
    form.show(config);
    form.enable(true);
    history.replaceState(null, "", `#${writeAddress(config)}`);
    const outlines = await ask("outline", config);
    notebook.begin(outlines);
    notebook.enter("ready");
    if (chosen !== undefined) choose(chosen < outlines.length ? chosen : undefined);
  } catch (error) {
    refuse(error);
  }
}

function refuse(error: unknown): void {
  form.enable(true);
  notebook.enter("refused", messageOf(error));
}

/** Runs, or goes on with what was paused. */
async function go(resume: boolean): Promise<void> {
  form.enable(false);
  byId<HTMLDetailsElement>("setup").open &&= matchMedia("(min-width: 900px)").matches;
  notebook.enter("running");
  try {
    const ending = await ask("run", { config, resume });
    if (ending.finished) notebook.conclude(ending.summary);
    else notebook.enter("paused");
  } catch (error) {
    notebook.enter("failed", messageOf(error));
  }
}

function messageOf(error: unknown): string {
  if (error instanceof ConfigError || error instanceof Error) return error.message;
  return String(error);
}

function runName({ preset, partition, seed }: Config): string {
  const split = partition.kind === "majority" ? `p${partition.p}` : partition.kind;
  return `${preset}-${split}-seed${seed}`;
}

function legend(): void {
  const models: readonly Model[] = ["fedavg", "finetuned", "local", "mixture"];
  byId("legend").append(
    ...models.map((model) => el("span", {}, inlineMark(model), modelNames[model])),
    el("span", {}, inlineMark("mixture", true), "hollow: opted out"),
  );
}
