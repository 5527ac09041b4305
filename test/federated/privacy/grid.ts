// The whole grid against Google's dp-accounting: node --import tsx test/federated/privacy/grid.ts
import { distances, rows } from "./yardstick.ts";

const found = rows.flatMap((row) => distances(row, ["pld", "poisson", "fixed"]).map((one) => ({ row, ...one })));
for (const name of ["pld", "poisson", "fixed"] as const) {
  const those = found.filter((one) => one.name === name).toSorted((a, b) => a.distance - b.distance);
  const [least, most] = [those[0]!, those[those.length - 1]!];
  const at = ({ row }: typeof least): string =>
    `sigma ${row.sigma}, q ${row.q}, ${row.rounds} rounds, delta ${row.delta}`;
  console.log(
    `${name}: ${rows.length} rows; least ${(100 * least.distance).toFixed(4)} % (${at(least)}), most ${(100 * most.distance).toFixed(4)} % (${at(most)})`,
  );
}
