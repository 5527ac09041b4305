// Tables of a reader's own, with what such tables have: words among numbers, gaps, an owner for each row.
import { flowers } from "./flowers.ts";

const houses = ["ada", "ben", "cem", "dua", "eva"];

/** Rows of houses: their price in thousands by area, rooms, kind and town, with gaps, and whose each is. */
export function prices(rows: number): string {
  let state = 7;
  const next = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
  const lines = Array.from({ length: rows }, (_, i) => {
    const [area, rooms] = [40 + 90 * next(), 1 + Math.floor(5 * next())];
    const kind = ["flat", "house", "loft"][i % 3]!;
    const price = area / 30 + rooms / 2 + (kind === "house" ? 2 : 0) + (i % 5) / 4 + next() / 2;
    const gap = i % 17 === 0;
    return [houses[i % 5], `id-${i}`, area.toFixed(1), gap ? "NA" : rooms, kind, price.toFixed(3)].join("\t");
  });
  return `owner\tcode\tarea\trooms\tkind\tprice\n${lines.join("\n")}\n`;
}

/** The flowers with a column of words and gaps, and one of gardens. */
export function gardens(rows: number): string {
  const [header, ...lines] = flowers(rows).trimEnd().split("\n");
  const more = lines.map(
    (line, i) => `g${i % 6},${i % 11 === 0 ? "" : (i % 7) + 1},${["sun", "shade"][i % 2]},${line}`,
  );
  return `client,age,light,${header}\n${more.join("\n")}\n`;
}
