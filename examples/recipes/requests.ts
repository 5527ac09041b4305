// A server that answers single requests: the network stays in memory, and of every answer only numbers are left.
import { Agent, createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { exp, scope, tensor } from "moiety";
import { mlp, Net } from "moiety/nn";

const net = new Net(mlp(4, 3), { group: "private", trainable: false }).init(1);
const answer = (x: number[]): string =>
  scope(() => JSON.stringify(Array.from(exp(net.predict(tensor(x, [1, 4]))).toArray())));
const server = createServer(({ url }, reply) => {
  reply.end(answer(new URL(url!, "http://x").searchParams.get("x")!.split(",").map(Number)));
}).listen(0);

const { port } = server.address() as AddressInfo;
const agent = new Agent({ keepAlive: true, maxSockets: 16 });
const ask = (x: number[]): Promise<string> =>
  new Promise((resolve, reject) => {
    get({ port, agent, path: `/?x=${x.join()}` }, (reply) => resolve(text(reply))).on("error", reject);
  });
const inputs = Array.from({ length: 1000 }, (_, i) => [i / 1000, 1, 0, -1]);
const began = performance.now();
const answers = await Promise.all(inputs.map(ask));
const seconds = (performance.now() - began) / 1000;
const right = inputs.every((x, i) => answers[i] === answer(x));
console.log(`1000 requests, all right: ${right}, ${Math.round(1000 / seconds)} a second`);
server.close();
agent.destroy();
