// One line on where the run is, and a thin line for how far.
import { focusOf, methodStyle } from "../../src/report/methods.ts";
import { duration, plusMinus } from "../../src/report/numbers.ts";
import type { Summary } from "../../src/report/records.ts";
import { el } from "./element.ts";
import type { View } from "./frames.ts";
import type { Notebook, Stage } from "./notebook.ts";

// the federation's part of the thin line; private training takes longer
const federationShare = 0.3;

export interface StatusPlaces {
  readonly line: HTMLElement;
  /** The line at every new stage, for those who hear it. */
  readonly announcement: HTMLElement;
  readonly progress: HTMLElement;
  readonly problem: HTMLElement;
}

// what a run is about, in a few words
function focusText({ methods }: Summary): string {
  const { method } = focusOf(Object.keys(methods));
  const { localTest, globalTest } = methods[method]!;
  return `${methodStyle(method).label} ${plusMinus(localTest)} % local, ${plusMinus(globalTest)} % global`;
}

export class StatusView implements View {
  readonly every = 150;
  readonly #notebook: Notebook;
  readonly #line: HTMLElement;
  readonly #progress: HTMLElement;
  readonly #problem: HTMLElement;
  readonly #announcement: HTMLElement;
  #announced: Stage | undefined;

  constructor(places: StatusPlaces, notebook: Notebook) {
    this.#line = places.line;
    this.#announcement = places.announcement;
    this.#progress = places.progress;
    this.#problem = places.problem;
    this.#notebook = notebook;
  }

  draw(): void {
    const { stage, problem, phase } = this.#notebook;
    document.body.dataset["stage"] = stage;
    this.#line.replaceChildren(...this.#text());
    // a line that changes with every round would be read out without end
    if (stage !== this.#announced) this.#announcement.textContent = this.#line.textContent;
    this.#announced = stage;
    this.#problem.hidden = problem === "";
    this.#problem.textContent = problem;
    const part = phase ? phase.done / Math.max(1, phase.total) : 0;
    const federation = !phase ? 0 : phase.phase === "clients" ? 1 : part;
    const clients = stage === "finished" ? 1 : phase?.phase === "clients" ? part : 0;
    const [first, second] = this.#progress.children as unknown as [HTMLElement, HTMLElement];
    first.style.transform = `scaleX(${federation * federationShare})`;
    second.style.transform = `translateX(${100 * federationShare}%) scaleX(${clients * (1 - federationShare)})`;
  }

  #text(): (string | HTMLElement)[] {
    const { stage, data, clients, summary } = this.#notebook;
    switch (stage) {
      case "opening":
        return ["Fetching data …"];
      case "refused":
        return ["This set-up cannot run."];
      case "failed":
        return ["The run has stopped."];
      case "ready":
        return [
          `${clients.length} clients are ready, on ${data?.train.toLocaleString("en")} training rows of ${data?.names.dataset}.`,
        ];
      case "running":
        return [this.#progressText()];
      case "pausing":
        return [`Pausing: ${this.#progressText().toLowerCase()}`];
      case "paused":
        return [`Paused: ${this.#progressText().toLowerCase()}. Nothing is lost.`];
      case "finished":
        return summary
          ? [
              `${focusText(summary)}, in ${duration(summary.wallSeconds)}. `,
              el(
                "span",
                {
                  class: "hash",
                  title: `SHA-256 of all weights: ${summary.weightsSha256}`,
                  "data-hash": summary.weightsSha256,
                },
                `weights ${summary.weightsSha256.slice(0, 8)}`,
              ),
            ]
          : [];
    }
  }

  #progressText(): string {
    const { phase } = this.#notebook;
    if (!phase) return "Starting the workers";
    return phase.phase === "federation"
      ? `Learning together: round ${phase.done} of at most ${phase.total}`
      : `Learning apart: ${phase.done} of ${phase.total} clients done`;
  }
}
