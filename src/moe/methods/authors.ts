// What the authors' code does otherwise. In its federation (Q1): the round's own cohort scores the average that the round began
// with, and what is kept as the best is the weights of the cohort's last client. And at its clients by themselves.
import type { Method, ServerSide, Vectors } from "../../federated/method.ts";
import type { MixtureOptions } from "../experts.ts";
import type { PersonalOptions } from "../alone.ts";
import type { Settings } from "../personal.ts";

/** How clients train for themselves in the authors' code: the last weights (Q2), outputs mixed (Q4), dropout stays active (Q8). */
export type AuthorsPrivate = Pick<PersonalOptions, "keep"> & Pick<MixtureOptions, "space" | "generalistDropout">;

/** Settings of the personal values with some of these. */
export function privately(
  { training, mixture }: Settings,
  { keep, space, generalistDropout }: AuthorsPrivate,
): Settings {
  return {
    training: { ...training, ...(keep && { keep }) },
    mixture: {
      ...mixture,
      ...(keep && { keep }),
      ...(space && { space }),
      ...(generalistDropout !== undefined && { generalistDropout }),
    },
  };
}

/** A method of one model whose server also remembers the model before the round and the one that came last. */
export function lastClient(of: Method): Method {
  return { ...of, server: (options, kit) => remembering(of.server(options, kit)) };
}

function remembering(inner: ServerSide): ServerSide {
  return {
    validation: { by: "cohort", weighted: false },
    begin: (initial) => ({ ...inner.begin(initial), before: initial["model"]!, last: initial["model"]! }),
    // clients answer with the model of before the round; once it is over, with what came last
    down: ({ model, before, last }, { purpose }): Vectors => ({
      model: { turn: model!, validation: before!, answers: last! }[purpose],
    }),
    gather: (state, round) => {
      const gathering = inner.gather({ model: state["model"]! }, round);
      let last = state["model"]!;
      return {
        add: (update) => {
          gathering.add(update);
          last = update.up["model"]!;
        },
        result: () => ({ ...gathering.result(), before: state["model"]!, last }),
      };
    },
  };
}
