// Labels beside the things they name, moved apart where they would cover each other. Works in pixels.

/**
 * Positions at least `gap` apart and as near as possible to the wanted ones (least squares), in the wanted order.
 * With z[i] = x[i] - i * gap the constraint is monotony, so this is isotonic regression: pool adjacent violators.
 */
export function spread(wanted: readonly number[], gap: number): number[] {
  const order = wanted.map((_, i) => i).toSorted((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
  const pools: { sum: number; count: number }[] = [];
  for (const [rank, i] of order.entries()) {
    let pool = { sum: (wanted[i] ?? 0) - rank * gap, count: 1 };
    for (let last = pools.at(-1); last && last.sum / last.count > pool.sum / pool.count; last = pools.at(-1)) {
      pools.pop();
      pool = { sum: last.sum + pool.sum, count: last.count + pool.count };
    }
    pools.push(pool);
  }
  const placed = pools.flatMap(({ sum, count }) => Array.from({ length: count }, () => sum / count));
  const positions = wanted.slice();
  for (const [rank, i] of order.entries()) positions[i] = (placed[rank] ?? 0) + rank * gap;
  return positions;
}

/** A label and the point it belongs to, whose drawing reaches this far to both sides. All in pixels. */
export interface Label {
  readonly text: string;
  readonly color: string;
  readonly x: number;
  readonly y: number;
  readonly reach: number;
}

/** A label in its place: the text's anchor point and side. */
export interface PlacedLabel extends Label {
  readonly anchor: "start" | "end";
  readonly labelX: number;
  readonly labelY: number;
}

const lineHeight = 15;
const letterWidth = 7;
const distance = 5;

/** Puts every label right of its point, or left where the right is too narrow, and moves those apart that collide. */
export function placeLabels(labels: readonly Label[], right: number): PlacedLabel[] {
  const placed = labels.map((label) => {
    const away = label.reach + distance;
    const anchor = label.x + away + label.text.length * letterWidth > right ? ("end" as const) : ("start" as const);
    const labelX = label.x + (anchor === "start" ? away : -away);
    return { ...label, anchor, labelX, labelY: label.y };
  });
  return columns(placed).flatMap((column) => {
    const heights = spread(
      column.map(({ labelY }) => labelY),
      lineHeight,
    );
    return column.map((label, i) => ({ ...label, labelY: heights[i] ?? label.labelY }));
  });
}

// groups whose horizontal extents touch
function columns(labels: readonly PlacedLabel[]): PlacedLabel[][] {
  const start = ({ text, anchor, labelX }: PlacedLabel): number =>
    anchor === "start" ? labelX : labelX - text.length * letterWidth;
  const groups: PlacedLabel[][] = [];
  let end = -Infinity;
  for (const label of labels.toSorted((a, b) => start(a) - start(b))) {
    if (start(label) > end) groups.push([]);
    groups.at(-1)?.push(label);
    end = Math.max(end, start(label) + label.text.length * letterWidth);
  }
  return groups;
}

/** A short text that wants to stand near its point; the caller's own fields come along. */
export interface Note {
  readonly text: string;
  readonly x: number;
  readonly y: number;
}

const sides = [
  [0, -1],
  [1, -0.5],
  [-1, -0.5],
  [0, 1],
  [1, 0.5],
  [-1, 0.5],
] as const;

/** Centres short texts around their points, first come first served; those that find no free side are left out. */
export function placeNotes<T extends Note>(notes: readonly T[]): (T & { labelX: number; labelY: number })[] {
  const radius = 5;
  const taken = notes.map(({ x, y }) => ({ x, y, w: radius, h: radius }));
  return notes.flatMap((note) => {
    const w = (note.text.length * 6.4) / 2;
    const h = 5.5;
    for (const [right, down] of sides) {
      const x = note.x + right * (w + radius + 2);
      const y = note.y + down * (h + radius + 2);
      if (taken.some((box) => Math.abs(box.x - x) < box.w + w && Math.abs(box.y - y) < box.h + h)) continue;
      taken.push({ x, y, w, h });
      return [{ ...note, labelX: x, labelY: y }];
    }
    return [];
  });
}
