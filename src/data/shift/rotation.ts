// Images by quarter turns (the clusters of IFCA, Ghosh et al. 2020): exact, nothing is interpolated.

/** [channels, height, width] of a shape that is an image's. */
export function imageShape(op: string, shape: readonly number[]): [number, number, number] {
  if (shape.length !== 3)
    throw new RangeError(`${op}: shape, got [${shape.join(", ")}], expected images of [channels, height, width]`);
  return shape as unknown as [number, number, number];
}

/** Images turned to the left by so many quarters; odd turns are of square images alone. */
export function turned<X extends Uint8Array | Float32Array>(x: X, shape: readonly number[], turns: number): X {
  const [, height, width] = imageShape("rotation", shape);
  const quarters = ((turns % 4) + 4) % 4;
  if (quarters % 2 === 1 && height !== width)
    throw new RangeError(`rotation: images, got ${height} x ${width}, expected square ones for a quarter turn`);
  const size = height * width;
  const from = new Int32Array(size);
  for (let r = 0; r < height; r++)
    for (let c = 0; c < width; c++) {
      // what stands at (r, c) after the turn
      const [i, j] =
        quarters === 0
          ? [r, c]
          : quarters === 1
            ? [c, width - 1 - r]
            : quarters === 2
              ? [height - 1 - r, width - 1 - c]
              : [height - 1 - c, r];
      from[r * width + c] = i * width + j;
    }
  const out = x.slice() as X;
  for (let plane = 0; plane < x.length; plane += size)
    for (let at = 0; at < size; at++) out[plane + at] = x[plane + from[at]!]!;
  return out;
}
