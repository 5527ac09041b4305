// A machine's own server: at its first start it makes a mixture of what all machines know and what its own readings say, and
// keeps it in a file; from then on it answers /?temperature=0.4&vibration=-0.2.
//
//   npm run example -- node [port] [file]
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Mixture, personalize, trainGeneralist } from "moiety";
import { model, readings } from "../machines.ts";

const [port = "8080", file = "mixture.safetensors"] = process.argv.slice(2);

async function firstStart(): Promise<Mixture> {
  // in earnest the generalist comes from a federation: Generalist.load(model, "https://…/generalist.safetensors")
  const generalist = await trainGeneralist(
    model,
    [0, 1, 2, 3, 4].map((machine) => readings(machine)),
  );
  const mixture = await personalize(generalist, readings(5), {
    onProgress: ({ phase, epoch, best }) => best && console.log(`${phase}: best so far after epoch ${epoch}`),
  });
  const unseen = readings(5, 600);
  console.log(`right on its machine: generalist ${generalist.accuracy(unseen)}, mixture ${mixture.accuracy(unseen)}`);
  await writeFile(file, mixture.save());
  return mixture;
}

const mixture = existsSync(file) ? await Mixture.load(model, await readFile(file)) : await firstStart();

const server = createServer((request, response) => {
  const { searchParams } = new URL(request.url ?? "/", "http://localhost");
  const reading = ["temperature", "vibration"].map((name) => Number(searchParams.get(name)));
  const [answer] = mixture.predict([reading]);
  response.setHeader("content-type", "application/json");
  response.end(`${JSON.stringify({ state: answer?.label, specialistTrusted: answer?.trust })}\n`);
});
server.listen(Number(port), () => console.log(`http://localhost:${(server.address() as AddressInfo).port}/`));
