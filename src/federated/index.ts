// Federated methods, the loop that runs all of them, and where their clients are.
export { admitScores, admitted, admitVectors, type Fault, isRejection, type Rejection } from "./admission.ts";
export { answering } from "./answering.ts";
export { Audited, type AuditOptions, type Sent } from "./audit.ts";
export type { Bench } from "./hosts/bench.ts";
export type { Host, Order } from "./hosts/host.ts";
export { type ClientCalls, clientCalls, PoolHost } from "./hosts/pool.ts";
export { serveClients, startClients } from "./hosts/workers.ts";
export { Kit, type KitOptions, likelihood, pull } from "./kit.ts";
export {
  type Answer,
  type Answers,
  type ClientSide,
  type Declaration,
  type Evaluation,
  type Law,
  method,
  type Method,
  type Options,
  optionsOf,
  type Preset,
  type Range,
  type Reply,
  type ServerSide,
  type Turn,
  type Update,
  type Vectors,
} from "./method.ts";
export { methods } from "./methods/index.ts";
export { partlyShared, type Phase, type Plan } from "./methods/partlyShared.ts";
export { sharedModel } from "./methods/sharedModel.ts";
export { type RoundsOptions, runRounds } from "./rounds.ts";
export { firstState, type Report, type RoundsState } from "./roundsState.ts";
export { averaging, noticeboard, only, posted, stepping, Sums } from "./servers.ts";
export { byClass, classMeans } from "./statistics.ts";
export { States, type StateFiles } from "./states.ts";
export { Tally } from "./tally.ts";
