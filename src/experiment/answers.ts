// Who answers for a client after a federation.
import type { Answers, ClientSide, Method, Turn } from "../federated/method.ts";
import { finish } from "../runtime/steps.ts";

/** The turn of a client that the federation never asked after one by itself, of which nothing is sent; of others as it is. */
export function begun(side: ClientSide, { keeps = [] }: Method, turn: Turn): Turn {
  const isNew = keeps.length > 0 && Object.keys(turn.kept).length === 0;
  return isNew ? { ...turn, kept: finish(side.train({ ...turn, kept: {} })).kept ?? turn.kept } : turn;
}

export function answersOf(side: ClientSide, turn: Turn): Answers {
  const made = side.answers(turn);
  return "own" in made ? (made as Answers) : finish(made);
}
