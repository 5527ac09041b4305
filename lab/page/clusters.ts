// Who is in which cluster, and whose models each client was sent, for the methods that have clusters or peers; nothing where none has.
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

  /** @param card is hidden while there are neither clusters nor peers; `place` in it is filled */
  constructor(card: HTMLElement, place: HTMLElement, notebook: Notebook, choose: (client: number) => void) {
    [this.#card, this.#place, this.#notebook, this.#choose] = [card, place, notebook, choose];
  }

  draw(): void {
    const { clients, methods } = this.#notebook;
    const some = methods.flatMap((method): (readonly [string, string, ReadonlyMap<number, readonly number[]>])[] => [
      [method, "Cluster", clustersOf(clients, method)],
      [method, "Client", peersOf(clients, method)],
    ]);
    const there = some.filter(([, , groups]) => groups.size > 0);
    const drawn = JSON.stringify(there.map(([method, kind, groups]) => [method, kind, ...groups]));
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#card.hidden = there.length === 0;
    const focused = this.#place.contains(document.activeElement) ? document.activeElement!.id : "";
    this.#place.replaceChildren(...there.map(([method, kind, groups]) => this.#table(method, kind, groups)));
    // tables that change round by round leave the focus where it was
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  }

  #table(method: string, kind: string, groups: ReadonlyMap<number, readonly number[]>): HTMLElement {
    const rows = [...groups].toSorted(([a], [b]) => a - b);
    const what = kind === "Cluster" ? `${rows.length} in use` : "whose models each was sent last";
    return el(
      "table",
      { class: "clusters" },
      el("caption", {}, inlineMark(method), `${methodStyle(method).label}: ${what}`),
      el("tbody", {}, ...rows.map(([group, members]) => this.#row(`${method}-${kind}`, `${kind} ${group}`, members))),
    );
  }

  #row(id: string, name: string, members: readonly number[]): HTMLElement {
    const names = members.map((client) =>
      el(
        "button",
        {
          type: "button",
          class: "small",
          id: `${id}-${name}-${client}`.replaceAll(" ", "-"),
          "aria-label": `client ${client}`,
          onclick: () => this.#choose(client),
        },
        String(client),
      ),
    );
    return el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, ...names));
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

/** Whose models each client was sent in its last turn, by client; empty for a method without peers. */
export function peersOf(clients: readonly ClientPage[], method: string): Map<number, readonly number[]> {
  return new Map(
    clients.flatMap(({ ties, outline }) => {
      const peers = ties.get(method)?.peers ?? [];
      return peers.length > 0 ? [[outline.client, peers] as const] : [];
    }),
  );
}
