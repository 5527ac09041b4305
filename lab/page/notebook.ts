// Everything the page has heard of a run, in plain records; knows nothing of how it is shown.
import type { Config } from "../../src/experiment/config.ts";
import type { CurveMetric, GateMetric, Metric, RoundMetric } from "../../src/report/metrics.ts";
import type {
  ClientOutline,
  DataOutline,
  Ending,
  GeneralistStanding,
  KeptRun,
  LabEvent,
  Outcome,
  OwnChoice,
  Phase,
  Sent,
  Together,
} from "../messages.ts";
import { blankPage, type ClientPage, isOwn, type Model, own, type Place, placeOn, POSTERIOR } from "./clientPage.ts";

export { type ClientPage, type Model, own, type Place, POSTERIOR } from "./clientPage.ts";

/** Where the page is. */
export type Stage = "opening" | "ready" | "refused" | "running" | "pausing" | "paused" | "finished" | "failed";

/** What a view may depend on. */
export type Topic =
  "stage" | "data" | "phase" | "places" | "rounds" | "clients" | "results" | "outline" | "kept" | "together";

export class Notebook {
  stage: Stage = "opening";
  problem = "";
  data: DataOutline | undefined;
  /** The files of the reader's own that are looked at, and what is to be made of them. */
  own: OwnChoice | undefined;
  /** What is set up. */
  config: Config | undefined;
  clients: ClientPage[] = [];
  rounds: RoundMetric[] = [];
  gates: Map<number, GateMetric> = new Map();
  /** What the posterior gate reaches by its share of own inputs, client by client. */
  curves: Map<number, CurveMetric> = new Map();
  /** Where on these curves clients are shown; undefined with their own models. */
  turned: number | undefined;
  phase: Phase | undefined;
  /** All phases so far, each as it began. */
  passed: Phase[] = [];
  summary: Outcome | undefined;
  /** Of the methods that are compared with the page's own. */
  compared: Outcome | undefined;
  /** The hash of the generalist alone. */
  shared: string | undefined;
  /** How this tab stands, where it is one of two, and what has left it. */
  together: Together | undefined;
  sent: Sent[] = [];
  /** These methods by name. */
  methods: readonly string[] = [];
  /** The generalist's way through the plane. */
  generalist: Place[] = [];
  /** The runs that the browser keeps, and what is to be said of them. */
  kept: readonly KeptRun[] = [];
  note = "";
  /** When anything was last told, and whether those who train have begun to. */
  heard = 0;
  begun = false;
  readonly #changed: (topics: readonly Topic[]) => void;

  constructor(changed: (topics: readonly Topic[]) => void) {
    this.#changed = changed;
  }

  /** Sets the stage, and what is wrong if something is. */
  enter(stage: Stage, problem = ""): void {
    this.stage = stage;
    this.problem = problem;
    // nobody trains while the run stands still
    if (stage !== "running" && stage !== "pausing") this.#rest();
    this.#changed(["stage", "clients"]);
  }

  /** Files of the reader's own, whether or not they can be opened; none where data come with the page. */
  lookAt(own: OwnChoice | undefined): void {
    this.own = own;
    this.#changed(["data"]);
  }

  /** Other data to work on. */
  open(data: DataOutline): void {
    this.data = data;
    this.#changed(["data"]);
  }

  /** What the browser keeps. */
  keep(runs: readonly KeptRun[]): void {
    this.kept = runs;
    this.#changed(["kept"]);
  }

  /** From now on something is to be heard of those who train. */
  listen(): void {
    this.heard = performance.now();
    this.begun = false;
  }

  /** A clean page for these clients, and for the methods that are compared under this config. */
  begin(outlines: readonly ClientOutline[], config?: Config): void {
    this.config = config;
    this.methods = Object.keys(config?.methods ?? {});
    this.clients = outlines.map(blankPage);
    this.rounds = [];
    this.gates = new Map();
    this.curves = new Map();
    this.turned = undefined;
    this.phase = undefined;
    this.passed = [];
    this.summary = this.compared = this.shared = this.together = undefined;
    this.sent = [];
    this.generalist = [];
    this.#changed(["outline", "places", "rounds", "clients", "results", "stage", "together"]);
  }

  /** The end of a run. */
  conclude({ summary, compared, generalist }: Extract<Ending, { finished: true }>): void {
    [this.summary, this.compared, this.shared] = [summary, compared, generalist];
    this.turn(this.turned);
    this.enter("finished");
    this.#changed(["places", "clients", "results"]);
  }

  /** Shows clients at a stop of their gate's curve, whose whole way is their trail; undefined with their mixtures. */
  turn(stop: number | undefined): void {
    this.turned = stop;
    for (const client of this.clients) {
      const curve = this.curves.get(client.outline.client);
      if (stop === undefined) {
        if (!client.places["mixture"]) continue;
        if (client.model === POSTERIOR) client.trail.length = 0;
        // whatever was tried beside it, this is what a client has in the end
        client.model = "mixture";
      } else if (curve) {
        const way = curve.at.map((_, at) => placeOn(curve, at));
        client.places[POSTERIOR] = way[stop];
        client.model = POSTERIOR;
        client.trail.splice(0, Infinity, ...way);
      }
    }
    this.#changed(["places", "clients"]);
  }

  /** Clients at all stops of their curves, as records. */
  dialled(): Metric[] {
    return this.clients.flatMap(({ outline: { client }, results }) => {
      const [curve, record] = [this.curves.get(client), results.get(POSTERIOR)];
      if (!curve || !record) return [];
      return curve.at.map((_, at) => ({ ...record, ...placeOn(curve, at) }));
    });
  }

  /** What a client may be seen with, in the order of every table. */
  get models(): readonly Model[] {
    return [...own, ...this.methods];
  }

  /** The records of clients that are done, as a report's figures take them. */
  results(): Metric[] {
    return this.clients.flatMap(({ results }) => [...results.values()]);
  }

  /** Writes down what was told. */
  hear(events: readonly LabEvent[]): void {
    const topics = new Set<Topic>();
    this.heard = performance.now();
    for (const event of events) for (const topic of this.#note(event)) topics.add(topic);
    this.#changed([...topics]);
  }

  #note(event: LabEvent): readonly Topic[] {
    switch (event.kind) {
      case "phase":
        this.phase = event;
        this.passed.push(event);
        this.#rest();
        return ["stage", "phase", "clients"];
      case "note":
        this.note = event.text;
        return ["kept"];
      case "shared":
        this.begin(event.clients, this.config);
        return [];
      case "together":
        this.together = event;
        return ["together", "stage"];
      case "sent":
        this.sent.push(event);
        return ["together"];
      case "round":
        this.begun = true;
        this.#noteRound(event);
        if (this.phase) this.phase = { ...this.phase, done: event.round + 1 };
        this.#rest();
        return ["rounds", "stage", "clients"];
      case "generalist":
        return this.#noteGeneralist(event);
      case "done":
        if (this.phase) this.phase = { ...this.phase, done: event.done };
        this.#of(event.client).doing = "done";
        return ["stage", "clients", "places"];
      case "gate":
        this.gates.set(event.client, event);
        return ["results"];
      case "curve":
        if (event.method !== POSTERIOR) return [];
        this.curves.set(event.client, event);
        if (this.turned !== undefined) this.turn(this.turned);
        return ["results"];
      case "ties": {
        const { clusters, ties } = this.#of(event.client);
        ties.set(event.method, event);
        if (event.cluster !== undefined) clusters.set(event.method, event.cluster);
        return ["results", "places"];
      }
      case "clock":
      case "tick":
        // the report's
        return [];
      default:
        return this.#noteClient(this.#of(event.client), event);
    }
  }

  // a run that was stopped at once goes on from its last checkpoint: what came after that comes again
  #noteRound(event: RoundMetric): void {
    const again = ({ method, round }: RoundMetric): boolean => method === event.method && round >= event.round;
    if (this.rounds.some(again)) this.rounds = this.rounds.filter((round) => !again(round));
    this.rounds.push(event);
  }

  #noteClient(
    client: ClientPage,
    event: Extract<LabEvent, { kind: "begins" | "standing" | "epoch" | "client" }>,
  ): readonly Topic[] {
    this.begun = true;
    switch (event.kind) {
      case "begins":
        client.doing = "trains";
        if (event.part === "private") {
          client.epochs.length = 0;
          client.trail.length = 0;
        }
        return ["clients"];
      case "standing":
        if (this.models.includes(event.method)) this.#place(client, event.method, event);
        return ["places"];
      case "epoch":
        client.epochs.push(event);
        return ["clients"];
      case "client":
        client.results.set(event.method, event);
        if (event.cluster !== undefined) client.clusters.set(event.method, event.cluster);
        if (event.method === "mixture") this.#place(client, "mixture", event);
        else if (this.models.includes(event.method)) client.places[event.method] = event;
        return ["results", "places"];
    }
  }

  #noteGeneralist({ localTest, globalTest, clients }: GeneralistStanding): readonly Topic[] {
    this.generalist.push({ localTest, globalTest });
    clients?.forEach((own, i) => {
      const client = this.clients[i];
      // those who are done stay where their mixture is
      // of a client in another tab nothing is known
      if (client && client.results.size === 0 && Number.isFinite(own))
        this.#place(client, "fedavg", { localTest: own, globalTest });
    });
    return ["places"];
  }

  #place(client: ClientPage, model: Model, { localTest, globalTest }: Place): void {
    const place = { localTest, globalTest };
    client.places[model] = place;
    // another model is at the beginning of another way
    if (!isOwn(client.model) || !isOwn(model)) if (client.model !== model) client.trail.length = 0;
    // a model trained alone goes a way of its own; the client still holds the other
    if (model === "local") return;
    client.model = model;
    client.trail.push(place);
  }

  #rest(): void {
    for (const client of this.clients) if (client.doing === "trains") client.doing = "waits";
  }

  #of(client: number): ClientPage {
    const found = this.clients[client];
    if (!found) throw new RangeError(`notebook: client, got ${client}, expected 0 to ${this.clients.length - 1}`);
    return found;
  }
}
