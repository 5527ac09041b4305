// Which clients are in which of two tabs, and what a tab knows of the others': nothing.
import { optedIn, type Setup } from "../../src/experiment/setup.ts";
import type { ClientOutline } from "../messages.ts";
import type { LabDataset } from "./datasets.ts";
import { outlineClients } from "./outline.ts";

/** The clients of the first tab and of the second, each with half of those that take part. */
export function sharesOf(setup: Setup): readonly [number[], number[]] {
  const inside = optedIn(setup);
  if (inside.length < 2)
    throw new Error(`lab: two tabs need two clients that take part, got ${inside.length}; lower the opt-out`);
  const from = inside[Math.ceil(inside.length / 2)]!;
  const all = setup.clients.map((_, client) => client);
  return [all.slice(0, from), all.slice(from)];
}

const NONE = new Int32Array();
const EMPTY = { train: NONE, validation: NONE, test: NONE };

/** A setup in which the clients of another tab have no rows, and no way in. */
export function ownShare<S extends Setup>(setup: S, own: readonly number[]): S {
  const mine = new Set(own);
  const clients = setup.clients.map((client, number) =>
    mine.has(number) ? client : { ...client, rows: EMPTY, shared: NONE, optedOut: true },
  );
  return { ...setup, clients };
}

/** The clients as a tab sees them that has some of them. */
export function outlineShare(setup: Setup<LabDataset>, own: readonly number[]): ClientOutline[] {
  const mine = new Set(own);
  return outlineClients(ownShare(setup, own)).map((outline, client) =>
    mine.has(client)
      ? outline
      : { ...outline, optedOut: setup.clients[client]!.optedOut, evaluated: false, elsewhere: true },
  );
}

/** What cannot be shared out between tabs, in a sentence; nothing if all can. */
export function unshared({ config }: Pick<Setup, "config">): string {
  if (config.methods) return "two tabs train the page's own four models: take out the methods that are compared";
  const { privacy, attack } = config.federation;
  if (privacy || attack) return "two tabs train without noise and without liars: take federation.privacy and federation.attack out of the address"; // prettier-ignore
  return "";
}
