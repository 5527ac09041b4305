// A federation of one's own on workers: as many as are asked for, and the same weights whatever their number. Node 22.18 or newer runs it as
// it is: node examples/workers/main.ts 2
import { startClients } from "moiety/federated";
import { federate, initial } from "./federation.ts";

const workers = Number(process.argv[2] ?? 2);
const pool = await startClients(new URL("./clients.ts", import.meta.url), { initial: initial() }, workers);
const { bestLoss, bestRound } = await federate(pool);
await pool.close();
console.log(`validation loss ${bestLoss.toFixed(4)} after round ${bestRound}`);
