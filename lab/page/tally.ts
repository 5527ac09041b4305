// How many clients the mixture helps and harms, in a sentence.
import { el } from "./element.ts";
import type { View } from "./frames.ts";
import { isEstimate } from "./measure.ts";
import type { Notebook } from "./notebook.ts";
import { gainOf } from "./roster.ts";

export class TallyView implements View {
  readonly every = 300;
  readonly #place: HTMLElement;
  readonly #notebook: Notebook;

  constructor(place: HTMLElement, notebook: Notebook) {
    this.#place = place;
    this.#notebook = notebook;
  }

  draw(): void {
    const gains = this.#notebook.clients.flatMap((client) => gainOf(client) ?? []);
    if (gains.length === 0) {
      this.#place.textContent = `What each client owns, and how well its models do on its own kind of data, ${isEstimate(this.#notebook.data) ? "R2 " : ""}in percent. Choose one to look closer.`;
      return;
    }
    const helped = gains.filter((gain) => gain > 0).length;
    const harmed = gains.filter((gain) => gain < 0).length;
    this.#place.replaceChildren(
      "Against a model trained alone, the mixture has ",
      el("b", { class: "helped" }, `helped ${helped}`),
      " and ",
      el("b", { class: "harmed" }, `harmed ${harmed}`),
      ` of ${gains.length} ${gains.length === 1 ? "client" : "clients"} on their own kind of data. Choose one to look closer.`,
    );
  }
}
