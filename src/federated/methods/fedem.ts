// FedEM (Marfoq et al. 2021): every client's law is a mixture of a few laws that all clients share, at weights of its own. A turn is
// a step of expectation, which shares every row out between the components, and one of maximisation, which trains each on its share.
import { method, type Method, type Vector } from "../method.ts";
import { meanOr, responsibilities } from "../mixed.ts";
import { averagedComponents, componentwise, type Shares } from "./components.ts";

/** Rows to components by how likely each made their labels; a client's weights are the means of that. */
export function expectation(losses: readonly Float64Array[], before: Vector): Shares {
  const rows = responsibilities(losses, before);
  return { rows, weights: before.map((weight, k) => meanOr(rows[k]!, weight)) };
}

export const fedem: Method = method({
  name: "fedem",
  paper: "arXiv 2108.10252",
  about: "a few models that all clients train on the rows that each explains, mixed at each client's own weights",
  needsClasses: true,
  // `routed` averages a component by the rows that are its share rather than by all rows
  options: { components: 3, routed: false as boolean },
  ranges: { components: { min: 1, whole: true } },
  sends: ["component.*", "shares"],
  receives: ["component.*"],
  keeps: ["weights"],
  client: (kit, { components: count }) =>
    componentwise(kit, { count, share: expectation, remembers: true, sparse: false }),
  server: ({ routed }) => averagedComponents(routed),
  traffic: ({ model }, { components }) => ({ down: components * model, up: components * (model + 1) }),
  laws: [{ when: { components: 1 }, is: "fedavg" }],
  presets: {
    paper: {
      options: { components: 3 },
      optimizer: { kind: "sgd", lr: 0.03 },
      localEpochs: 1,
      batchSize: 128,
      rounds: 200,
      note: "the authors' rate falls by ten at half and at three quarters, and who is not asked counts as it was; both are left out",
    },
    safe: { options: { components: 2 } },
  },
});
