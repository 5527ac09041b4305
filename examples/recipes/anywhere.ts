// One file for Node, Deno, Bun, a Web Worker and a bundler such as Vite: nothing here belongs to any of them, and the weights are the
// same bits in all. In a worker, training rests between turns; `new Worker(new URL("anywhere.ts", import.meta.url), { type: "module" })`
// is all that Vite needs (examples/browser has the page around it).
import { fold, key, type Model, personalize, Stream, trainGeneralist } from "moiety";
import { Sha256 } from "moiety/io";
import { mlp, mlpGate } from "moiety/nn";

const model: Model = { expert: mlp(2, 2), gate: mlpGate(2), shape: [2], classes: ["low", "high"] };
const rows = (of: number): { x: number[][]; labels: number[] } => {
  const stream = new Stream(fold(key(1), of));
  const x = Array.from({ length: 40 }, () => [stream.uniform(), stream.uniform()]);
  return { x, labels: x.map(([a, b]) => Number(a! + b! > 0.8 + 0.1 * of)) };
};
const clients = [0, 1, 2, 3].map(rows);
const generalist = await trainGeneralist(model, clients, { rounds: 10, slice: 8 });
const mixture = await personalize(generalist, clients[0]!, { epochs: 10, slice: 8 });
const said = `weights ${new Sha256().update(mixture.save()).hex().slice(0, 16)}`;
console.log(said);
// in a worker, to the page
if (typeof document === "undefined" && "postMessage" in globalThis && "WorkerGlobalScope" in globalThis)
  (globalThis as unknown as { postMessage(message: unknown): void }).postMessage(said);
