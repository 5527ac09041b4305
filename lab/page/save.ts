// Hands a file to the reader, under a name that says what is in it.
import type { Config } from "../../src/experiment/config.ts";
import { el } from "./element.ts";

/** Saves bytes under a name, as a download. */
export function saveFile(name: string, bytes: Uint8Array): void {
  const url = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: "application/zip" }));
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** What a run is called: `quick-p0.6-seed1`. */
export function runName({ preset, partition, seed }: Config): string {
  return [preset, partition.kind === "majority" ? `p${partition.p}` : partition.kind, `seed${seed}`].join("-");
}
