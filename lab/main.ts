// The page: wires the notebook to its views and to the conductor. All training and evaluation happens in workers; here is
// only listening and drawing.
import type { Figure } from "../src/report/figures/axis.ts";
import { comparedAccuracies, comparedLosses } from "../src/report/figures/compared.ts";
import { accuracyCurve, type CurveOptions, lossCurves } from "../src/report/figures/curves.ts";
import { classTrust } from "../src/report/figures/gate.ts";
import type { Metric } from "../src/report/metrics.ts";
import { startWorker } from "../src/runtime/platform.ts";
import type { Conducting, DataOutline, LabEvent, Order } from "./messages.ts";
import { ClientView } from "./page/client.ts";
import { ClustersView } from "./page/clusters.ts";
import { ColumnsView } from "./page/columns.ts";
import { ControlsView } from "./page/controls.ts";
import { writeAddress } from "./page/address.ts";
import { showCode } from "./page/codeView.ts";
import { copyText } from "./page/copy.ts";
import { DataView } from "./page/data.ts";
import { DialView } from "./page/dial.ts";
import { byId } from "./page/element.ts";
import { FigureView } from "./page/figure.ts";
import { EarlierView } from "./page/earlier.ts";
import { Form } from "./page/form.ts";
import { KeptView } from "./page/kept.ts";
import { Frames, type View } from "./page/frames.ts";
import { legend } from "./page/marks.ts";
import { isEstimate, measureOf } from "./page/measure.ts";
import { MethodsView } from "./page/methods.ts";
import { Notebook, type Topic } from "./page/notebook.ts";
import { PaceView } from "./page/pace.ts";
import { PlaneView } from "./page/plane.ts";
import { RosterView } from "./page/roster.ts";
import { runName, saveFile } from "./page/save.ts";
import { Session } from "./page/session.ts";
import { Stall } from "./page/stall.ts";
import { StatusView } from "./page/status.ts";
import { summaryOf } from "./page/summary.ts";
import { TallyView } from "./page/tally.ts";
import { joinedBy, secondAddress, TogetherView } from "./page/together.ts";
import { Tour } from "./page/tour.ts";
import { Trainers } from "./page/trainers.ts";
import { askOver } from "./wire.ts";

byId("unborn").remove();

const frames = new Frames();
const watchers = new Map<View, readonly Topic[]>();
const notebook = new Notebook((topics) => {
  const touched = [...watchers].filter(([, wanted]) => wanted.some((topic) => topics.includes(topic)));
  frames.want(touched.map(([view]) => view));
});

const port = await startWorker(new URL("./conductor.js", import.meta.url));
port.onError((error) => notebook.enter("failed", `lab: a worker has stopped, ${error.message}; reload the page`));
const ask = askOver<Conducting>(port, (told) => {
  const said = told as readonly LabEvent[] | Order;
  if ("order" in said) void trainers.obey(said);
  else notebook.hear(said);
});
const trainers = new Trainers(ask);
const joins = joinedBy(location.search);
const session = new Session(
  ask,
  notebook,
  (config) => {
    form.show(config);
    byId("summary").textContent = summaryOf(config);
  },
  joins,
);
const form = new Form(byId("form"), (wanted) => void session.change(wanted));

let chosen: number | undefined;
const earlier = new EarlierView(byId("earlier-card"), byId("earlier"), notebook, () => frames.want([plane]));
const plane = new PlaneView(byId("plane-figure"), notebook, { choose, ghosts: () => earlier.ghosts() });
const roster = new RosterView(byId("clients"), notebook, choose, () => frames.want([roster]));
const closeUp = new ClientView(byId("client"), notebook, ask, choose);

function choose(client: number | undefined): void {
  const before = chosen;
  chosen = client;
  for (const view of [plane, roster]) view.choose(client);
  frames.want([plane, roster]);
  closeUp.show(client);
  // on a phone the close-up is a page of its own, and Back leads out of it
  if (before === undefined && client !== undefined) {
    left = location.hash;
    history.pushState({ closeUp: true }, "");
  }
  if (client === undefined && before !== undefined) {
    plane.focus(before);
    if (isCloseUp()) history.back();
  }
}

// the address of the entry that the close-up was opened over
let left: string | undefined;

function isCloseUp(): boolean {
  return (history.state as { closeUp?: boolean } | null)?.closeUp === true;
}

addEventListener("popstate", () => {
  if (isCloseUp()) return;
  // the set-up may have changed since
  if (left === location.hash) history.replaceState(null, "", `#${writeAddress(session.config)}`);
  left = undefined;
  choose(undefined);
});

const commands = {
  start: () => void session.start(),
  resume: () => void session.resume(),
  pause: () => void session.pause(),
  carryOn: () => void session.carryOn(),
  halt: () => void session.halt(),
  renew: () => void session.renew(),
  share: () => copyText(location.href),
  code: () => showCode(session.config),
  save: async () => {
    const name = runName(session.config);
    saveFile(`${name}.zip`, await ask("archive", name));
  },
};
const controls = new ControlsView(byId("controls"), notebook, commands, joins !== undefined);

// what is set up, and when it runs, is the first tab's to say
if (joins !== undefined) document.body.dataset["part"] = "second";
function invite(): void {
  const id = crypto.randomUUID();
  void session.invite(id);
  open(secondAddress(id), "_blank", "noopener");
}

type Curve = (metrics: readonly Metric[], options: CurveOptions) => Figure;

function curve(id: string, [alone, beside]: readonly [alone: Curve, beside: Curve], empty: string): View {
  const figure = (width: number): Figure | undefined => {
    const { phase, rounds, methods } = notebook;
    if (rounds.length === 0) return undefined;
    const draw = methods.length > 0 ? beside : alone;
    // while rounds are still to come, there is room for them all
    const { name: measure, loss: unit } = measureOf(notebook.data);
    return draw(rounds, { width, measure, unit, ...(phase?.phase === "federation" && { rounds: phase.total }) });
  };
  return new FigureView(byId(id), { figure, empty });
}

const trust = new FigureView(byId("trust-figure"), {
  empty: "Every client that is done adds its points.",
  every: 700,
  figure: (width) =>
    notebook.gates.size > 0
      ? classTrust([...notebook.gates.values()], { width, classNames: notebook.data?.classes ?? [] })
      : undefined,
});

const data = new DataView(byId("data"), notebook, (files) => void session.open(files));
const columns = new ColumnsView(byId("columns"), notebook, (choice) => void session.choose(choice));

watchers
  .set(controls, ["stage"])
  .set(
    new StatusView(
      {
        line: byId("status"),
        announcement: byId("announcement"),
        progress: byId("progress"),
      },
      notebook,
    ),
    ["stage"],
  )
  .set(
    new TogetherView(
      { card: byId("together-card"), place: byId("together"), announcement: byId("together-announcement") },
      notebook,
      invite,
    ),
    ["together", "stage"],
  )
  .set({ every: 0, draw: settle }, ["stage"])
  .set(data, ["stage", "data"])
  .set(columns, ["stage", "data"])
  .set(plane, ["places", "stage", "outline", "kept"])
  .set(earlier, ["stage", "outline", "kept"])
  .set(
    new PaceView(byId("pace"), notebook, {
      step: () => void (notebook.stage === "paused" ? session.resume(true) : session.start(true)),
      pace: (milliseconds) => void session.pace(milliseconds),
    }),
    ["stage", "phase"],
  )
  .set(new DialView(byId("dial"), notebook), ["places", "results", "outline"])
  .set(roster, ["clients", "results", "outline"])
  .set(new TallyView(byId("tally"), notebook), ["results", "outline"])
  .set(new MethodsView(byId("methods"), notebook), ["results", "outline"])
  .set(curve("loss-figure", [lossCurves, comparedLosses], "A point for every round."), ["rounds", "phase", "outline"])
  .set(curve("accuracy-figure", [accuracyCurve, comparedAccuracies], "A point for every validation."), [
    "rounds",
    "phase",
    "outline",
  ])
  .set(trust, ["results", "outline"])
  .set(new ClustersView(byId("clusters-card"), byId("clusters"), notebook, choose), ["results", "outline"])
  .set({ every: 0, draw: explain }, ["outline"])
  .set(
    new KeptView(byId("kept"), notebook, {
      open: (run) => void session.reopen(run),
      forget: (run) => void session.forget(run),
    }),
    ["kept", "stage"],
  )
  .set(closeUp, ["data", "clients", "results", "rounds"]);

// the set-up is open to changes at any time, and on a phone out of the way
const narrow = matchMedia("(max-width: 900px)");
function settle(): void {
  const { stage, clients, problem } = notebook;
  form.enable(stage !== "opening" && joins === undefined);
  byId("live").hidden = !["running", "pausing", "finished"].includes(stage);
  const { text } = form.mark(problem, [data.marked, ...columns.marked]);
  if (byId("problem").textContent !== text) byId("problem").textContent = text;
  byId("problem").hidden = text === "";
  if (chosen !== undefined && chosen >= clients.length) choose(undefined);
}
const fold = (): void => void (byId<HTMLDetailsElement>("setup").open = !narrow.matches);
narrow.addEventListener("change", fold);
fold();

function about(data: DataOutline | undefined): string {
  const said =
    "Every point is a client: right means its model is better on this client’s own kind of data, up means it is better on all kinds.";
  return isEstimate(data) ? `${said} What does worse than the mean of the numbers stands at the edge.` : said;
}

// what stands beside what
function explain(): void {
  const { methods, models, data } = notebook;
  legend(byId("legend"), models);
  byId("curves-what").textContent =
    methods.length > 0
      ? "Who answers for a client, on its validation rows, round by round: the generalist, and every method beside it."
      : `The generalist, round by round: the loss on the rows of the clients that trained it, and loss and ${measureOf(data).name} on rows held out for validation.`;
  byId("plane-what").textContent = about(data);
  byId("methods-what").textContent =
    `${measureOf(data).figures?.about ?? "Accuracy in percent:"} Means over the clients that are done ± half width of their 95 % interval.`;
  byId("trust").hidden = isEstimate(data);
}

new ResizeObserver(() => frames.want(watchers.keys())).observe(document.querySelector("main")!);
new Tour(byId("tour"), {
  begin: ({ config }) => void session.tell(config),
  start: () => void session.start(),
  ask: () => choose(chosen ?? notebook.clients.find(({ outline }) => outline.evaluated)?.outline.client),
}).offer(byId("stories"));
new Stall(byId("stall"), notebook, () => session.again()).watch();
addEventListener("hashchange", () => {
  // a tab that another one's federation counts on is another's, or begins again
  if (joins !== undefined) return location.reload();
  // what the page itself wrote is no news
  if (location.hash !== `#${writeAddress(session.config)}`) void session.load(location.hash);
});
addEventListener("beforeunload", (event) => {
  // it would be kept to its last checkpoint, but nobody should stop it by a slip
  if (notebook.stage === "running" || notebook.stage === "pausing") event.preventDefault();
});
await session.load(location.hash);
