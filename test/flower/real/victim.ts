// A client in a process of its own, made to be killed while it trains.
import {
  clientTrainer,
  connect,
  createKeyPair,
  identityOf,
  runNode,
} from "../../../src/federated/backends/flower/index.ts";
import { steppingClient } from "../support/clients.ts";

const forever = (): Promise<void> => {
  console.log("training");
  return new Promise(() => undefined);
};

await runNode({
  transport: await connect(process.argv[2]!),
  identity: await identityOf(await createKeyPair()),
  trainer: clientTrainer({ client: steppingClient({ before: forever }) }),
  heartbeatSeconds: 10,
  pollSeconds: [0.3, 1],
  onEvent: ({ type }) => console.log(type),
});
