// The local-against-global plane, live: the report's figure of what is done, and over it a point for every client that moves
// as the client trains.
import { plane, planeCanvas, type PlaneDomain, planeDomain } from "../../src/report/figures/plane.ts";
import { inside, pixels } from "../../src/report/figures/axis.ts";
import type { Metric } from "../../src/report/metrics.ts";
import { el, svg } from "./element.ts";
import { picture } from "./figure.ts";
import type { View } from "./frames.ts";
import { inkOf, modelName, shapeOf } from "./marks.ts";
import type { Ghost } from "./earlier.ts";
import { around, drawGhosts } from "./ghosts.ts";
import { measureOf } from "./measure.ts";
import { Mover } from "./mover.ts";
import type { ClientPage, Model, Notebook, Place } from "./notebook.ts";
import { sampleFor } from "./sample.ts";

const whole: PlaneDomain = { x: [0, 100], y: [0, 100] };

interface Point {
  readonly group: Mover;
  readonly path: SVGPathElement;
  readonly title: SVGTitleElement;
  readonly alone: Mover;
}

export class PlaneView implements View {
  // smooth to the eye, and half the work of every frame
  readonly every = 33;
  readonly #notebook: Notebook;
  readonly #figure: HTMLElement;
  readonly #back = el("div", { class: "back" });
  readonly #ghosts = svg("g", { class: "ghosts" });
  readonly #trails = svg("g", { class: "trails", fill: "none" });
  readonly #dots = svg("g", { class: "points", role: "listbox", "aria-label": "Clients in the plane" });
  readonly #generalist = new Mover(svg("g", { class: "generalist" }));
  readonly #front = svg("svg", { class: "front" }, this.#ghosts, this.#trails, this.#generalist.element, this.#dots);
  readonly #empty = el("p", { class: "placeholder" });
  readonly #choose: (client: number) => void;
  readonly #earlier: () => readonly Ghost[];
  #points: Point[] = [];
  #drawn = "";
  #trailed = "";
  #chosen: number | undefined;
  #current = 0;
  #moved = false;

  /** @param ghosts are the earlier runs that are to be seen */
  constructor(
    figure: HTMLElement,
    notebook: Notebook,
    { choose, ghosts }: { choose: (client: number) => void; ghosts: () => readonly Ghost[] },
  ) {
    this.#figure = figure;
    this.#notebook = notebook;
    this.#earlier = ghosts;
    this.#choose = choose;
    figure.append(this.#back, this.#front, this.#empty);
    this.#dots.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Marks a client; undefined marks none. */
  choose(client: number | undefined): void {
    this.#chosen = client;
    if (client !== undefined) this.#current = client;
  }

  /** Puts the focus on a client's point. */
  focus(client: number): void {
    this.#points[client]?.group.element.focus();
  }

  draw(): "again" | undefined {
    const { clients, stage, generalist } = this.#notebook;
    const shown = new Set(this.#notebook.models);
    const width = Math.max(280, Math.floor(this.#figure.clientWidth));
    const results = this.#notebook
      .results()
      .filter((record) => record.kind === "client" && shown.has(record.method)) as Metric[];
    const finished = stage === "finished";
    const ghosts = this.#earlier();
    const domain = finished ? around(planeDomain([...results, ...this.#notebook.dialled()]), ghosts) : whole;
    const canvas = planeCanvas(width, domain);
    // what is done changes rarely, and costs much more than moving points
    const sample = sampleFor(this.#notebook);
    const measure = measureOf(this.#notebook.data).name;
    const drawn = [width, results.length, finished, measure, domain.x, domain.y, sample.length].join();
    if (drawn !== this.#drawn) {
      // the interval of a few clients says nothing yet, and crosses the whole plane
      const intervals = finished || results.length >= 8 * shown.size;
      const figure = picture(plane(sample.length > 0 ? sample : results, { width, domain, intervals, measure }));
      if (sample.length > 0) figure.setAttribute("aria-hidden", "true");
      this.#back.classList.toggle("sample", sample.length > 0);
      this.#back.replaceChildren(figure);
      this.#front.setAttribute("viewBox", `0 0 ${width} ${canvas.height}`);
      this.#drawn = drawn;
    }
    this.#empty.textContent = `Press Start: every client appears here, and moves as it trains.${sample.length > 0 ? " Faint behind it: where this set-up ends." : ""}`;
    this.#empty.hidden = generalist.length > 0 || stage === "failed" || stage === "refused";
    const at = ({ localTest, globalTest }: Place): [number, number] => [
      pixels(canvas.x, inside(canvas.x, localTest)),
      pixels(canvas.y, inside(canvas.y, globalTest)),
    ];
    drawGhosts(this.#ghosts, ghosts, at);
    this.#drawTrails(at);
    this.#drawGeneralist(at, results.length > 0);
    if (this.#points.length !== clients.length) this.#make(clients);
    clients.forEach((client, i) => this.#move(client, this.#points[i]!, at));
    this.#figure.classList.toggle("choosing", this.#chosen !== undefined);
    // what can be turned is looked at
    this.#figure.classList.toggle("finished", finished && this.#notebook.turned === undefined);
    const movers = [this.#generalist, ...this.#points.flatMap(({ group, alone }) => [group, alone])];
    const moving = movers.filter((mover) => mover.step());
    return moving.length > 0 ? "again" : undefined;
  }

  #make(clients: readonly ClientPage[]): void {
    this.#points = clients.map(({ outline }) => {
      const path = svg("path", { d: shapeOf("fedavg") });
      const title = svg("title");
      const alone = new Mover(svg("path", { class: "alone", d: shapeOf("local"), style: `fill: ${inkOf("local")}` }));
      const element = svg(
        "g",
        {
          class: `point${outline.optedOut ? " out" : ""}`,
          role: "option",
          tabindex: -1,
          onclick: () => this.#choose(outline.client),
        },
        title,
        svg("circle", { class: "reach", r: 12 }),
        path,
      );
      return { group: new Mover(element), path, title, alone };
    });
    this.#dots.replaceChildren(
      ...this.#points.map(({ alone }) => alone.element),
      ...this.#points.map(({ group }) => group.element),
    );
  }

  #move(
    { outline, model, places, doing }: ClientPage,
    { group, path, title, alone }: Point,
    at: (place: Place) => [number, number],
  ): void {
    const { client, optedOut } = outline;
    const place = places[model];
    alone.to(places.local && doing === "trains" ? at(places.local) : undefined);
    const moved = group.to(place && at(place));
    if (!place) return;
    if (moved && !this.#moved && doing === "trains") {
      this.#moved = true;
      performance.mark("moiety:first-move");
    }
    if (path.dataset["model"] !== model) {
      path.dataset["model"] = model;
      path.setAttribute("d", shapeOf(model));
      path.style.cssText = optedOut ? `stroke: ${inkOf(model)}` : `fill: ${inkOf(model)}`;
    }
    const text = describe(client, model, place, optedOut);
    if (title.textContent !== text) {
      title.textContent = text;
      group.element.setAttribute("aria-label", text);
    }
    const { classList } = group.element;
    classList.toggle("trains", doing === "trains");
    classList.toggle("chosen", client === this.#chosen);
    group.element.setAttribute("aria-selected", String(client === this.#chosen));
    group.element.setAttribute("tabindex", client === this.#current ? "0" : "-1");
  }

  #drawTrails(at: (place: Place) => [number, number]): void {
    const { generalist, clients } = this.#notebook;
    const ways: [Model, readonly Place[]][] = this.#notebook.stage === "finished" ? [] : [["fedavg", generalist]];
    const chosen = this.#chosen === undefined ? undefined : clients[this.#chosen];
    if (chosen) ways.push([chosen.model, chosen.trail], ...this.#peers(chosen));
    const lines = ways.map(([model, way]) => [
      inkOf(model),
      way.map((place) => at(place).map(Math.round).join()).join("L"),
    ]);
    const drawn = lines.join();
    if (drawn === this.#trailed) return;
    this.#trailed = drawn;
    this.#trails.replaceChildren(...lines.map(([stroke, way]) => svg("path", { d: way ? `M${way}` : "", stroke })));
  }

  // from a client to whoever's models it was sent
  #peers({ model, places, ties }: ClientPage): [Model, readonly Place[]][] {
    const from = places[model];
    return [...ties].flatMap(([method, { peers = [] }]) =>
      peers.flatMap((peer): [Model, readonly Place[]][] => {
        const other = this.#notebook.clients[peer];
        const to = other?.places[other.model];
        return from && to ? [[method, [from, to]]] : [];
      }),
    );
  }

  #drawGeneralist(at: (place: Place) => [number, number], known: boolean): void {
    const last = this.#notebook.generalist.at(-1);
    // as soon as a client is done, the figure has its mean
    this.#generalist.to(last && !known ? at(last) : undefined);
    const { element } = this.#generalist;
    if (!element.firstChild)
      element.append(
        svg("path", { d: shapeOf("fedavg"), transform: "scale(1.7)", style: `fill: ${inkOf("fedavg")}` }),
        svg("text", { y: -13, "text-anchor": "middle", style: `fill: ${inkOf("fedavg")}` }, "Generalist"),
      );
  }

  // one stop for the tabulator, arrows from client to client
  #key(event: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter" || event.key === " ") this.#choose(this.#current);
    else if (step) {
      const { length } = this.#points;
      this.#points[this.#current]?.group.element.setAttribute("tabindex", "-1");
      this.#current = (this.#current + step + length) % length;
      this.#points[this.#current]?.group.element.setAttribute("tabindex", "0");
      this.focus(this.#current);
    } else return;
    event.preventDefault();
  }
}

function describe(client: number, model: Model, { localTest, globalTest }: Place, optedOut: boolean): string {
  return (
    `client ${client}${optedOut ? " (opted out)" : ""}, ${modelName(model)}: ` +
    `local ${localTest.toFixed(1)} %, global ${globalTest.toFixed(1)} %`
  );
}
