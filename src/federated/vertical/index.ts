// Vertical federation: columns to parties.
export { Active, type ActiveOptions } from "./active.ts";
export { vertical, type VerticalDeclaration, type VerticalOptions } from "./declaration.ts";
export { type Asked, type Embeddings, Exchange, type Places } from "./exchange.ts";
export { Learner, type Learning, type Saved } from "./learner.ts";
export { Parties } from "./parties.ts";
export { type Columns, Party, type PartyOptions, type Split } from "./party.ts";
export { answerVertical, runVertical, unasked, type VerticalRound, type VerticalRounds } from "./rounds.ts";
