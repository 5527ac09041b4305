// A table of a reader's own.

/** Three kinds around three middles, by a generator of its own: the numbers have to look like measurements, no more. */
export function flowers(rows: number): string {
  let state = 1;
  const next = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
  const lines = Array.from({ length: rows }, (_, i) => {
    const kind = i % 3;
    const [length, width] = [4 + kind + next() + next(), 2 + kind / 2 + next()];
    return `${length.toFixed(2)},${width.toFixed(2)},${["rose", "lily", "iris"][kind]}`;
  });
  return `length,width,species\n${lines.join("\n")}\n`;
}
