// moiety/flower: a client of a real Flower federation, and of what it publishes. Loads no gRPC unless an address asks for it.
export { connect, FleetError } from "./transport.ts";
export type { ConnectOptions, FleetErrorKind, FleetTransport } from "./transport.ts";
export { createKeyPair, identityOf, keyPairOf, privateKeyPem } from "./identity.ts";
export type { Credentials, Identity } from "./identity.ts";
export { loadIdentity } from "./keyfile.ts";
export { runNode } from "./node.ts";
export type { NodeOptions, NodeSummary } from "./node.ts";
export { describe } from "./events.ts";
export type { NodeEvent, SentTensor } from "./events.ts";
export { clientTrainer } from "./trainer.ts";
export type { Answer, ClientTrainerOptions, Task, Trainer } from "./trainer.ts";
export { pooledTrainer, trainerCalls } from "./threads.ts";
export type { TrainerCalls } from "./threads.ts";
export { LocalPrivacy } from "./privacy.ts";
export type { PrivacyOptions, PrivacySpent } from "./privacy.ts";
export { pullGeneralist } from "./generalist.ts";
export type { Generalist, Manifest, PullOptions } from "./generalist.ts";
