// Which data a config is about, and whether they are those that are open.
import type { Config } from "../../src/experiment/config.ts";
import type { DataOutline, OwnChoice } from "../messages.ts";

/** Of files that a config is about what it says of them, else what they most likely are. */
export function wantedOf(found: Omit<OwnChoice, "kind">, { dataset, files, task }: Config): OwnChoice {
  const { own, table } = found;
  const isSame =
    own.kind === "csv" &&
    files?.kind === "csv" &&
    files.train === own.train &&
    files.test === own.test &&
    [files.label].flat().every((label) => table?.columns.some(({ name }) => name === label));
  if (!isSame || task === "multi-label") return { kind: "own", ...found };
  return { kind: "own", name: dataset, own: files, task, table };
}

/** Whether open data are those that a config is about. */
export function meant({ dataset, files, task }: Config, { names }: DataOutline): boolean {
  return dataset === names.dataset && task === names.task && written(files) === written(names.files);
}

// the order of fields does not matter
function written(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** What is to be dropped on the page, of a config about other data than are open. */
export function missing({ dataset, files }: Config): string {
  if (!files) return `lab: this address is about ${dataset}, which is not on this page; drop its files on it`;
  const parts = files.kind === "npy" ? ["x_train.npy, y_train.npy, x_test.npy, y_test.npy"] : [files.train, files.test];
  return `lab: this address is about files of somebody's own; drop ${parts.flat().filter(Boolean).join(", ")} on the page`;
}
