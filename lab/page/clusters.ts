// Who is in which cluster, for the methods that have them; nothing at all where none has.
import { methodStyle } from "../../src/report/methods.ts";
import { el } from "./element.ts";
import type { View } from "./frames.ts";
import { inlineMark } from "./marks.ts";
import type { ClientPage, Notebook } from "./notebook.ts";

export class ClustersView implements View {
  readonly every = 400;
  readonly #card: HTMLElement;
  readonly #place: HTMLElement;
  readonly #notebook: Notebook;
  readonly #choose: (client: number) => void;
  #drawn = "";

  /** @param card is hidden while there are no clusters; `place` in it is filled */
  constructor(card: HTMLElement, place: HTMLElement, notebook: Notebook, choose: (client: number) => void) {
    [this.#card, this.#place, this.#notebook, this.#choose] = [card, place, notebook, choose];
  }

  draw(): void {
    const { clients, methods } = this.#notebook;
    const some = methods
      .map((method) => [method, clustersOf(clients, method)] as const)
      .filter(([, clusters]) => clusters.size > 0);
    const drawn = JSON.stringify(some.map(([method, clusters]) => [method, ...clusters]));
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#card.hidden = some.length === 0;
    this.#place.replaceChildren(...some.map(([method, clusters]) => this.#table(method, clusters)));
  }

  #table(method: string, clusters: ReadonlyMap<number, readonly number[]>): HTMLElement {
    const rows = [...clusters].toSorted(([a], [b]) => a - b);
    return el(
      "table",
      { class: "clusters" },
      el("caption", {}, inlineMark(method), `${methodStyle(method).label}: ${rows.length} in use`),
      el("tbody", {}, ...rows.map(([cluster, members]) => this.#row(cluster, members))),
    );
  }

  #row(cluster: number, members: readonly number[]): HTMLElement {
    const names = members.map((client) =>
      el(
        "button",
        { type: "button", class: "small", "aria-label": `client ${client}`, onclick: () => this.#choose(client) },
        String(client),
      ),
    );
    return el("tr", {}, el("th", { scope: "row" }, `Cluster ${cluster}`), el("td", {}, ...names));
  }
}

/** Members by cluster; empty for a method without clusters, or before its clients are done. */
export function clustersOf(clients: readonly ClientPage[], method: string): Map<number, number[]> {
  const found = new Map<number, number[]>();
  for (const { clusters, outline } of clients) {
    const cluster = clusters.get(method);
    if (cluster !== undefined) found.set(cluster, [...(found.get(cluster) ?? []), outline.client]);
  }
  return found;
}
