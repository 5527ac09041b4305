// Writes the files that the other examples read: a table, a client's readings, and a generalist as a federation would have
// left it on a server.
//
//   node --import tsx examples/make.ts
import { writeFile } from "node:fs/promises";
import { trainGeneralist } from "moiety";
import { model, readings } from "./machines.ts";

const here = (name: string): URL => new URL(name, import.meta.url);
const others = [0, 1, 2, 3, 4].map((machine) => readings(machine));
const own = readings(5);

const lines = [...others, own].flatMap(({ x, labels }) =>
  x.map(([temperature, vibration], i) => [temperature, vibration, model.classes[Number(labels[i])]].join(",")),
);
await writeFile(here("deno/readings.csv"), ["temperature,vibration,state", ...lines, ""].join("\n"));
await writeFile(here("browser/readings.json"), `${JSON.stringify({ own, unseen: readings(5, 400) })}\n`);
await writeFile(here("browser/generalist.safetensors"), (await trainGeneralist(model, others)).save());
