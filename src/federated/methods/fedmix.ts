// FedMix (Reisser et al. 2021, "Federated mixture of experts"): experts at the server, and at every client a law over them that is
// its posterior; the client trains those it has weight for, and the server averages each by that weight. Built after the abstract:
// the law's temperature stands for the paper's control of its entropy, and experts are weighed by client, not by input.
import { method, type Method, type Vector } from "../method.ts";
import { meanOr, softmaxAt } from "../mixed.ts";
import { closest } from "./clusters.ts";
import { averagedComponents, componentwise, type Shares } from "./components.ts";

/** e^(-loss / temperature) over its sum; all for the lowest, and the first of equals, at temperature 0. */
export function posterior(losses: readonly number[], temperature: number): number[] {
  if (temperature === 0) return losses.map((_, k) => Number(k === closest(losses)));
  return softmaxAt(
    losses.map((loss) => -loss),
    temperature,
  );
}

export const fedmix: Method = method({
  name: "fedmix",
  paper: "arXiv 2107.06724",
  after: "abstract",
  about:
    "experts that are trained and averaged by each client's weights for them; temperature 0 is one expert a client",
  needsClasses: true,
  options: { experts: 4, temperature: 0.1 },
  ranges: { experts: { min: 1, whole: true }, temperature: { min: 0 } },
  sends: ["component.*", "shares"],
  receives: ["component.*"],
  keeps: ["weights"],
  client: (kit, { experts: count, temperature }) => {
    const share = (losses: readonly Float64Array[]): Shares => {
      const law = posterior(
        losses.map((of) => meanOr(of, 0)),
        temperature,
      );
      const weights: Vector = Float64Array.from(law);
      return { rows: losses.map((of, k) => of.map(() => law[k]!)), weights };
    };
    // weights are found anew from the rows that they are about
    return componentwise(kit, { count, share, remembers: false, sparse: true });
  },
  server: () => averagedComponents(true),
  traffic: ({ model }, { experts, temperature }) => ({
    down: experts * model,
    up: (temperature > 0 ? experts : 1) * model + experts,
  }),
  laws: [
    { when: { experts: 1 }, is: "fedavg" },
    { when: { temperature: 0 }, is: "hypcluster", with: { k: 4 } },
  ],
  presets: { safe: { options: { experts: 2 } } },
});
