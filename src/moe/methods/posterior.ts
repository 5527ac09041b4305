// Gates whose weight is how likely an input is the client's own: as theory has it, set right on rows held out, and, to see what the
// input has to do with it, with the weights of other inputs.
import { type Tensor, tensor } from "../../autograd/tensor.ts";
import type { Examples } from "../../nn/examples.ts";
import { fold, Stream } from "../../runtime/random.ts";
import type { Steps } from "../../runtime/steps.ts";
import { ownRatio } from "../labelLaw.ts";
import { type Desk, personal, type Personal } from "../personal.ts";
import { fitPlatt, plattLogits } from "../platt.ts";
import { evidenceOf, gatedAnswers, posteriorLogits, RHO, weightsOf } from "../posterior.ts";
import { combined, type Outputs, type Predictor } from "../predictor.ts";
import { mixtureDial } from "../tradeOff.ts";

const options = (): { specialist: string; generalist: string; rho: number } => ({
  specialist: "blend",
  generalist: "calibrated",
  rho: RHO,
});
const ranges = { rho: { min: 0, max: 1 } } as const;

const column = (z: ArrayLike<number>): Tensor => tensor(Float32Array.from(z), [z.length, 1]);

/** What is made of evidence before it is weighed, and the logits of the weight. */
interface Gate {
  readonly logits: (evidence: Float64Array) => Float64Array;
  readonly seen?: (evidence: Float64Array) => Float64Array;
}

/** A specialist and a generalist under a gate that knows what the generalist says. */
function gated(
  desk: Desk,
  [s, g]: readonly [Outputs, Outputs],
  { logits, seen = (evidence) => evidence }: Gate,
): Predictor {
  const ratio = ownRatio(desk.own);
  const evidence = (lg: Tensor): Float64Array => seen(evidenceOf(lg.toArray(), ratio));
  const z = combined(desk.kept, [g], (lg) => column(logits(evidence(lg!))));
  return desk.combined([s, g, z], (ls, lg, of) => gatedAnswers(ls!, lg!, of!.toArray()), {
    weights: (examples: Examples) => weightsOf(z.on(examples).toArray()),
    dial: (examples: Examples) => {
      const lg = g.on(examples);
      return mixtureDial(s.on(examples).toArray(), lg.toArray(), desk.own.classes, evidence(lg));
    },
  });
}

/** Both experts of a gate. */
export function* pair(
  desk: Desk,
  { specialist, generalist }: { readonly specialist: string; readonly generalist: string },
): Steps<readonly [Predictor, Predictor]> {
  return [yield* desk.of(specialist), yield* desk.of(generalist)];
}

export const posterior: Personal = personal({
  name: "posterior",
  paper: "arXiv 0902.3430",
  about: "two answers weighed by how likely an input is the client's own, of inputs of which a share rho is",
  needsClasses: true,
  options,
  ranges,
  *make(desk, { rho, ...experts }) {
    return gated(desk, yield* pair(desk, experts), {
      logits: (evidence) => posteriorLogits(evidence, rho),
    });
  },
});

export const platt: Personal = personal({
  name: "platt",
  paper: "",
  about:
    "the posterior gate with a slope and a shift that are learnt on held-out rows, weighed towards the federation's law",
  needsClasses: true,
  options,
  ranges: { rho: { min: 0.01, max: 0.99 } },
  *make(desk, { rho, ...experts }) {
    const [s, g] = yield* pair(desk, experts);
    const { validation: held } = desk.own;
    const own = ownRatio(desk.own);
    const found = fitPlatt(
      evidenceOf(g.on(held).toArray(), own),
      Float64Array.from(held.labels, (y) => own[y]!),
      rho,
    );
    const { dial: _dial, ...made } = gated(desk, [s, g], { logits: (evidence) => plattLogits(evidence, found) });
    // what it learnt is for one rho
    return made;
  },
});

export const permuted: Personal = personal({
  name: "permuted",
  paper: "",
  about: "the posterior gate's weights, each at another input: what is left when the input does not matter",
  needsClasses: true,
  options,
  ranges,
  *make(desk, { rho, ...experts }) {
    return gated(desk, yield* pair(desk, experts), {
      logits: (evidence) => posteriorLogits(evidence, rho),
      seen: (evidence) => {
        const key = fold(desk.key, "permuted", evidence.length);
        return Float64Array.from(new Stream(key).choose(evidence.length, evidence.length), (row) => evidence[row]!);
      },
    });
  },
});
