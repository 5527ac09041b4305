// Which data: those of the page, or files of the reader's own, chosen or dropped anywhere on the page.
import type { DataOutline } from "../messages.ts";
import { el } from "./element.ts";
import { type Marked, markedAt } from "./marked.ts";
import type { View } from "./frames.ts";
import type { Notebook } from "./notebook.ts";

export class DataView implements View {
  readonly every = 0;
  readonly #notebook: Notebook;
  readonly #choose: (files: readonly File[] | undefined) => void;
  readonly #name = el("p", { class: "dataset" });
  readonly #files = el("input", { type: "file", multiple: true, id: "files", "aria-label": "Files of your own" });
  readonly #bundled: HTMLButtonElement;
  readonly #pick: HTMLElement;
  /** Where it is said what is wrong with files. */
  readonly marked: Marked;

  /** @param choose gets files, or nothing for the data of the page */
  constructor(place: HTMLElement, notebook: Notebook, choose: (files: readonly File[] | undefined) => void) {
    this.#notebook = notebook;
    this.#choose = choose;
    this.#bundled = el("button", { type: "button", class: "small", onclick: () => choose(undefined) }, "Fashion-MNIST");
    this.#files.addEventListener("change", () => this.#take(this.#files.files));
    this.#pick = el("label", { class: "pick" }, "Own files …", this.#files);
    const sources = el("p", { class: "sources" }, this.#pick, this.#bundled);
    const marked = markedAt({ path: "files", label: "Own files" }, sources, this.#files);
    this.marked = marked;
    place.append(
      el("h3", {}, "Data"),
      this.#name,
      sources,
      marked.said,
      el("p", { class: "hint" }, "A CSV or TSV table, idx or npy files; or drop them on this page. They stay in it."),
    );
    addEventListener("dragover", (event) => {
      if (!this.#open || !event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      document.body.classList.add("dropping");
    });
    addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) document.body.classList.remove("dropping");
    });
    addEventListener("drop", (event) => {
      event.preventDefault();
      document.body.classList.remove("dropping");
      if (this.#open) this.#take(event.dataTransfer?.files ?? null);
    });
  }

  draw(): void {
    const { data } = this.#notebook;
    this.#name.textContent = data
      ? `${data.names.dataset}: ${count(data.train)} training and ${count(data.test)} test rows, ${asked(data)}`
      : "Fetching …";
    this.#bundled.hidden = !data?.names.files;
    this.#files.disabled = this.#bundled.disabled = !this.#open;
    this.#pick.classList.toggle("disabled", !this.#open);
  }

  get #open(): boolean {
    return this.#notebook.stage === "ready" || this.#notebook.stage === "refused";
  }

  #take(files: FileList | null): void {
    if (files?.length) this.#choose([...files]);
    this.#files.value = "";
  }
}

function asked({ classes, names }: DataOutline): string {
  return names.task ? `${classes.join(", ")} to be estimated` : `${classes.length} classes`;
}

function count(rows: number): string {
  return rows.toLocaleString("en");
}
