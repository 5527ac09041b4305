// Writes the files that the other examples read: tables, a client's readings, and a generalist as a federation would have left it on a
// server.
//
//   node --import tsx examples/make.ts
import { writeFile } from "node:fs/promises";
import { fold, key, Stream, trainGeneralist } from "moiety";
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

// People of twelve towns: who is hired goes by skill, and by the side of the river that one lives on, in every other town to the good of
// the other side. A model does not see the side, but what school somebody went to, which goes with it.
const people = Array.from({ length: 12 }, (_, town) => {
  const stream = new Stream(fold(key(2), "people", town));
  const number = (): number => 2 * stream.uniform() - 1;
  return Array.from({ length: 200 }, () => {
    const side = stream.uniform() < 0.5 ? 1 : -1;
    const [skill, school] = [number(), 0.7 * side + 0.6 * number()];
    const hired = skill + (town % 2 ? 0.4 : -0.4) * side + 0.3 * number() > 0;
    const cells = [
      `town${town}`,
      side > 0 ? "east" : "west",
      skill.toFixed(3),
      school.toFixed(3),
      hired ? "yes" : "no",
    ];
    return cells.join(",");
  });
});
await writeFile(here("fair/people.csv"), ["town,side,skill,school,hired", ...people.flat(), ""].join("\n"));
