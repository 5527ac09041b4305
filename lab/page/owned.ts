// Pictures that a client owns, each of which it can be asked about.
import type { Conducting, Specimen } from "../messages.ts";
import type { Asker } from "../wire.ts";
import { el } from "./element.ts";
import type { Notebook } from "./notebook.ts";
import { type ImageShape, pictureButton } from "./pad.ts";

const most = 20;

export class OwnedPictures {
  readonly element: HTMLElement = el("div", {
    class: "pictures",
    role: "group",
    "aria-label": "Pictures that it owns",
  });
  readonly #notebook: Notebook;
  readonly #ask: Asker<Conducting>;
  readonly #pick: (specimen: Specimen) => void;
  // of whom and of which set-up they are
  #shown: unknown;

  /** @param pick hears of a picture that was pressed */
  constructor(notebook: Notebook, ask: Asker<Conducting>, pick: (specimen: Specimen) => void) {
    [this.#notebook, this.#ask, this.#pick] = [notebook, ask, pick];
  }

  /** Shows a client's; none of data that are no pictures. */
  async show(client: number): Promise<void> {
    const { data, clients } = this.#notebook;
    const page = clients[client];
    if (page === this.#shown) return;
    this.#shown = page;
    const rows = data?.kind === "image" ? await this.#ask("owned", { client, most }) : [];
    // another may have been chosen meanwhile
    if (page !== this.#shown || !data) return;
    this.element.hidden = rows.length === 0;
    this.element.replaceChildren(
      ...rows.flatMap((row) => {
        if (!(row.inputs instanceof Uint8Array)) return [];
        const name = data.classes[row.label] ?? String(row.label);
        return [pictureButton(row.inputs, data.shape as ImageShape, name, () => this.#pick(row))];
      }),
    );
  }
}
