// Through what a client of a config sees its rows, where the config has a shift.
import { type Dataset, renamed, type Rows, seen, type TextSplit, type View, viewOf } from "../data/index.ts";
import { fold } from "../runtime/random.ts";
import { type Config, ConfigError } from "./config.ts";
import { rootKey } from "./setup.ts";

export interface Lens {
  readonly view: View;
  /** Rows of images or features, as copies. */
  see<X extends Uint8Array | Float32Array>(
    rows: Rows<X>,
    shape: readonly number[],
    part: "train" | "test",
  ): { x: X; labels: Uint8Array };
  /** Texts, which can be called otherwise and not look otherwise. */
  text(split: TextSplit): TextSplit;
}

/** A client's lens in a round, or after all; undefined where it sees rows as they are. */
export function lensOf(config: Config, dataset: Dataset, client: number, round?: number): Lens | undefined {
  const { shift, clients } = config;
  if (!shift) return undefined;
  if (dataset.kind === "text" && shift.kind !== "labels")
    throw new ConfigError(`config: shift.kind: got ${shift.kind}, expected labels, as texts have no other shift`);
  const key = fold(rootKey(config), "shift");
  const view = viewOf(shift, { client, clients, classes: dataset.classes.length, round }, key);
  return (
    view && {
      view,
      see: (rows, shape, part) => seen(rows, view, shape, fold(key, "noise", client, part)),
      text: (split) => ({ ...split, labels: renamed(split.labels, view) }),
    }
  );
}
