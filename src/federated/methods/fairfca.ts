// Fair-FCA (Yang et al. 2024): IFCA whose clients choose their cluster by its model's loss and by how unfair it is to groups among their
// own rows. Built after the abstract: the share between both is `gamma`, and a client of one group finds every model fair.
import { method, type Method } from "../method.ts";
import { alike, averaging } from "../servers.ts";
import { beginnings, clustered, placeOf } from "./clusters.ts";
import { type GapName, gapOf } from "./unfairness.ts";

const NAME = "fair-fca";

export const fairfca: Method = method({
  name: NAME,
  paper: "arXiv 2407.19331",
  after: "abstract",
  about:
    "k models, each averaged over the clients that choose it by its loss and by the gap between groups of their rows",
  needsClasses: true,
  needsGroups: true,
  // gamma weighs the loss, 1 - gamma the gap, which is of statistical parity or of equal opportunity
  options: { k: 2, gamma: 0.5, gap: "parity" },
  ranges: { k: { min: 1, whole: true }, gamma: { min: 0, max: 1 }, gap: { of: ["parity", "opportunity"] } },
  sends: ["model"],
  receives: ["model.*"],
  measures: ["cluster"],
  client: (kit, { k, gamma, gap }) =>
    clustered(kit, {
      count: k,
      ...(gamma < 1 && {
        score: (net, rows) =>
          gamma * kit.lossOn(net, rows) + (1 - gamma) * gapOf(NAME, net, rows, kit.classes, gap as GapName),
      }),
    }),
  server: ({ k }, kit) => ({
    ...averaging({ weight: alike, place: (_, { metrics }) => placeOf(metrics["cluster"]!) }),
    begin: () => beginnings(kit, k),
  }),
  traffic: ({ model }, { k }) => ({ down: k * model, up: model }),
  laws: [{ when: { gamma: 1, k: 4 }, is: "ifca" }],
  presets: { safe: {} },
});
