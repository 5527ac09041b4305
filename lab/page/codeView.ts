// The run as code, to be copied: a dialog with a choice of three.
import type { Config } from "../../src/experiment/config.ts";
import { configFile, program, runLine } from "./code.ts";
import { copyText } from "./copy.ts";
import { el } from "./element.ts";

const kinds = [
  ["Command line", runLine],
  ["config.json", configFile],
  ["Program", program],
] as const;

/** Shows a config as code; the browser's own dialog keeps the focus, and gives it back. */
export function showCode(config: Config): void {
  const text = el("pre", { tabindex: 0, role: "region", "aria-label": "Code" });
  let [, write] = kinds[0] as (typeof kinds)[number];
  const show = (): void => void (text.textContent = write(config));
  const choices = kinds.map(([label, kind], i) =>
    el(
      "label",
      {},
      el("input", { type: "radio", name: "code", checked: i === 0, onchange: () => ((write = kind), show()) }),
      el("span", {}, label),
    ),
  );
  const copy = el("button", { type: "button", class: "primary" }, "Copy");
  copy.addEventListener("click", () => {
    void copyText(text.textContent ?? "").then(
      () => (copy.textContent = "Copied"),
      () => (copy.textContent = "Not possible here"),
    );
  });
  const dialog = el(
    "dialog",
    { class: "code", "aria-labelledby": "code-title" },
    el("h2", { id: "code-title" }, "The same run, with the same numbers"),
    el("div", { class: "choices", role: "radiogroup", "aria-label": "As" }, ...choices),
    text,
    el("div", { class: "controls" }, copy, el("button", { type: "button", onclick: () => dialog.close() }, "Close")),
  );
  dialog.addEventListener("close", () => dialog.remove());
  show();
  document.body.append(dialog);
  dialog.showModal();
}
