// The shifts that a config can name: what each is, and what it begins with.
import type { Shift } from "../data/index.ts";

/** A shift, and as whom rows of a client's global test are seen: as the client itself unless said, or as all clients in turn. */
export type ShiftConfig = Shift & {
  readonly globalTest?: "own" | "federation" | undefined;
  /** So many of the shift's domains, the last ones, are of clients that the federation never sees. */
  readonly unseen?: number | undefined;
};

/** Every kind by its name. */
export const shiftKinds: { readonly [K in Shift["kind"]]: { readonly about: string; readonly begins: Shift } } = {
  rotation: {
    about: "client i sees images after i quarter turns, modulo clusters",
    begins: { kind: "rotation", clusters: 4 },
  },
  labels: {
    about: "every cluster of clients but the first calls the classes by a permutation of its own",
    begins: { kind: "labels", clusters: 4 },
  },
  noise: {
    about:
      "client i has Gaussian noise of deviation level * i / (clients - 1); squares=N puts it in one of N x N squares",
    begins: { kind: "noise", level: 0.1 },
  },
  corruption: {
    about: "client i has the i-th of some corruptions: none, blur, contrast, brightness",
    begins: { kind: "corruption", corruptions: ["none", "blur", "contrast", "brightness"], severity: 3 },
  },
};
