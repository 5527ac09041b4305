// The federated loop, its clients and its backends.
export {
  admitScores,
  admitted,
  admitUpdate,
  type Expected,
  type Fault,
  isRejection,
  type Rejection,
} from "./admission.ts";
export type { Aggregation } from "./aggregation.ts";
export type { Backend } from "./backends/backend.ts";
export { InProcess, type InProcessOptions } from "./backends/inProcess.ts";
export { type ClientCalls, Workers } from "./backends/workers.ts";
export type { EvaluateReply, FederatedClient, TrainReply } from "./client.ts";
export { LocalClient, type LocalClientOptions } from "./local.ts";
export { beginning, federate, type FederationOptions, type FederationState, type RoundReport } from "./loop.ts";
export { FedAvg, fedAvg } from "./methods/fedavg.ts";
export { Audited, type AuditOptions, type Sent } from "./audit.ts";
export { Kit, type KitOptions, likelihood, pull, Tally } from "./kit.ts";
export {
  type Answer,
  type Answers,
  type ClientSide,
  type Declaration,
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
  type Update as MethodUpdate,
  type Vectors,
} from "./method.ts";
export { methods } from "./methods/index.ts";
export { partlyShared, type Phase, type Plan } from "./methods/partlyShared.ts";
export { sharedModel } from "./methods/sharedModel.ts";
export { averaging, noticeboard, only, posted, stepping, Sums } from "./servers.ts";
export { byClass, classMeans } from "./statistics.ts";
export { SharedVector, type TensorSpec } from "./shared.ts";
export type { Evaluation, Update } from "./update.ts";
