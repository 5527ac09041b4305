// A client in a process of its own, for other runtimes: joins, adds 5 to every weight in every round, prints what it heard.
import {
  clientTrainer,
  connect,
  createKeyPair,
  describe,
  identityOf,
  runNode,
} from "../../../src/federated/backends/flower/index.ts";
import { steppingClient } from "../support/clients.ts";

const address = process.argv[2]!;

const { rounds, generalist } = await runNode({
  transport: await connect(address),
  identity: await identityOf(await createKeyPair()),
  trainer: clientTrainer({ client: steppingClient({ step: 5, examples: 30 }) }),
  pollSeconds: [0.3, 1],
  onEvent: (event) => console.log(describe(event)),
});
console.log(JSON.stringify({ rounds, bias: Array.from(generalist?.tensors.get("hidden.bias")?.data ?? [], Number) }));
