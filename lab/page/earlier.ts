// Earlier runs beside each other: what was set up, what came of it, and which of them are ghosts in the plane.
import { fixed } from "../../src/report/numbers.ts";
import type { KeptRun, Reached } from "../messages.ts";
import { changesOf } from "./changes.ts";
import { el } from "./element.ts";
import type { View } from "./frames.ts";
import { inlineMark } from "./marks.ts";
import type { Notebook } from "./notebook.ts";
import { summaryOf } from "./summary.ts";

// beyond that the plane is full, and the table long
const shownAtFirst = 3;
const listed = 12;

// what a run is about first; a phone has room for no more
const columns = [
  ["mixture", "Mixture", undefined],
  ["finetuned", "Fine-tuned", "minor"],
  ["fedavg", "Generalist", "minor"],
  ["local", "Alone", "minor"],
] as const;

/** A finished run that is not the page's, under the number that it has in the table and in the plane. */
export interface Ghost {
  readonly number: number;
  readonly name: string;
  readonly reached: Readonly<Record<string, Reached>>;
}

export class EarlierView implements View {
  readonly every = 0;
  readonly #card: HTMLElement;
  readonly #place: HTMLElement;
  readonly #notebook: Notebook;
  readonly #changed: () => void;
  // what the reader has said of a run; the newest are shown where nothing was said
  readonly #shown = new Map<string, boolean>();
  #drawn = "";

  /** @param changed is told when other ghosts are to be drawn */
  constructor(card: HTMLElement, place: HTMLElement, notebook: Notebook, changed: () => void) {
    [this.#card, this.#place, this.#notebook, this.#changed] = [card, place, notebook, changed];
  }

  /** The runs that are to be seen in the plane. */
  ghosts(): Ghost[] {
    return this.#runs().flatMap(({ run, number, reached }) =>
      this.#isShown(run, number) ? [{ number, name: this.#name(run), reached }] : [],
    );
  }

  draw(): void {
    const runs = this.#runs();
    const { summary, config } = this.#notebook;
    const drawn = JSON.stringify([runs.map(({ run }) => [run.id, this.#name(run)]), summary?.weightsSha256, config]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#card.hidden = runs.length === 0;
    const focused = this.#place.contains(document.activeElement) ? document.activeElement!.id : "";
    const head = columns.map(([model, label, kind]) =>
      el("th", { scope: "col", class: kind }, inlineMark(model), label),
    );
    const rows = runs.map(({ run, number, reached }) => this.#row(run, number, reached));
    this.#place.replaceChildren(
      el(
        "table",
        { class: "earlier" },
        el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Shown"), el("th", { scope: "col" }, "Run"), ...head)),
        el("tbody", {}, ...this.#own(), ...rows),
      ),
    );
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  }

  // the page's own run, once it has finished
  #own(): HTMLElement[] {
    const { summary, config } = this.#notebook;
    if (!summary || !config) return [];
    const reached = Object.fromEntries(
      columns.flatMap(([model]) => {
        const { localTest, globalTest } = summary.methods[model] ?? {};
        return localTest && globalTest
          ? [[model, { localTest: localTest.mean, globalTest: globalTest.mean }] as const]
          : [];
      }),
    );
    return [
      el("tr", { class: "method-mixture" }, el("td"), el("th", { scope: "row" }, `This run: ${summaryOf(config)}`), ...cells(reached)), // prettier-ignore
    ];
  }

  #row(run: KeptRun, number: number, reached: Ghost["reached"]): HTMLElement {
    const turn = (): void => {
      this.#shown.set(run.id, input.checked);
      this.#changed();
    };
    const id = `ghost-${run.id}`;
    const name = this.#name(run);
    const input = el("input", { type: "checkbox", id, checked: this.#isShown(run, number), onchange: turn });
    const label = el("label", { for: id }, input, el("span", {}, String(number)), el("span", { class: "hidden" }, `: ${name}, in the plane`)); // prettier-ignore
    return el("tr", {}, el("td", {}, label), el("th", { scope: "row" }, name), ...cells(reached));
  }

  #runs(): { run: KeptRun; number: number; reached: Ghost["reached"] }[] {
    const { kept, config } = this.#notebook;
    return kept
      .flatMap((run) => {
        const { finished, reached, holder } = run;
        const { dataset, task } = run.config;
        const isOther = finished && holder !== "here" && dataset === config?.dataset && task === config.task;
        return isOther && reached ? [{ run, reached }] : [];
      })
      .slice(0, listed)
      .map(({ run, reached }, i) => ({ run, reached, number: i + 1 }));
  }

  #isShown({ id }: KeptRun, number: number): boolean {
    return this.#shown.get(id) ?? number <= shownAtFirst;
  }

  #name({ config }: KeptRun): string {
    const now = this.#notebook.config;
    const changes = now ? changesOf(config, now) : [];
    return [summaryOf(config), ...changes].join(", ");
  }
}

function cells(reached: Ghost["reached"]): HTMLElement[] {
  return columns.map(([model, , kind]) => {
    const at = reached[model];
    return el("td", { class: kind }, at ? `${fixed(at.localTest)} / ${fixed(at.globalTest)}` : "–");
  });
}
