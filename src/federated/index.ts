// The federated loop, its clients and its backends.
export type { Aggregation } from "./aggregation.ts";
export type { Backend } from "./backends/backend.ts";
export { InProcess } from "./backends/inProcess.ts";
export { type ClientCalls, Workers } from "./backends/workers.ts";
export type { EvaluateReply, FederatedClient, TrainReply } from "./client.ts";
export { LocalClient, type LocalClientOptions } from "./local.ts";
export { beginning, federate, type FederationOptions, type FederationState, type RoundReport } from "./loop.ts";
export { FedAvg, fedAvg } from "./methods/fedavg.ts";
export { SharedVector, type TensorSpec } from "./shared.ts";
export type { Evaluation, Update } from "./update.ts";
