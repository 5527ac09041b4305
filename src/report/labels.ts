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

// of bold letters of 13 px
const widths = { narrow: 4.2, broad: 11.7, other: 7.8 };
const distance = 5;

/** Where labels may stand, in pixels. */
export interface Area {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/**
 * Puts every label right of its point, or left where the right is too narrow, and moves those apart that collide. What then still
 * leaves the area, or covers another label or another one's point, goes to the nearest free place, if there is one.
 */
export function placeLabels(labels: readonly Label[], area: Area): PlacedLabel[] {
  const placed = labels.map((label) => {
    const away = label.reach + distance;
    const fits = label.x + away + widthOf(label.text) <= area.right;
    const anchor = fits ? ("start" as const) : ("end" as const);
    const labelX = label.x + (fits ? away : -away);
    return { ...label, anchor, labelX, labelY: label.y };
  });
  const apart = columns(placed).flatMap((column) => {
    const heights = spread(
      column.map(({ labelY }) => labelY),
      lineHeight,
    );
    return column.map((label, i) => ({ ...label, labelY: heights[i] ?? label.labelY }));
  });
  const points = labels.map(({ x, y }) => around(x, y, pointRadius, pointRadius));
  const settled: PlacedLabel[] = [];
  for (const label of apart) {
    const taken = [...points, ...settled.map(boxOf)];
    const covered = (at: PlacedLabel): number => taken.reduce((sum, other) => sum + common(boxOf(at), other), 0);
    if (isInside(boxOf(label), area) && covered(label) === 0) {
      settled.push(label);
      continue;
    }
    const places = nearby(label, area).map((at) => ({ at, covers: covered(at) }));
    const least = Math.min(...places.map(({ covers }) => covers));
    settled.push(places.find(({ covers }) => covers === least)?.at ?? label);
  }
  return settled;
}

const pointRadius = 6;

function widthOf(text: string): number {
  const letters = [...text].map((letter) =>
    /[ijltfrI.,:;'| -]/.test(letter) ? widths.narrow : /[mwMW%@]/.test(letter) ? widths.broad : widths.other,
  );
  return letters.reduce((sum, width) => sum + width, 0);
}

function around(x: number, y: number, w: number, h: number): Area {
  return { left: x - w, right: x + w, top: y - h, bottom: y + h };
}

function boxOf({ text, anchor, labelX, labelY }: PlacedLabel): Area {
  const left = anchor === "start" ? labelX : labelX - widthOf(text);
  return { left, right: left + widthOf(text), top: labelY - lineHeight / 2, bottom: labelY + lineHeight / 2 };
}

function isInside(box: Area, { left, right, top, bottom }: Area): boolean {
  return box.left >= left && box.right <= right && box.top >= top && box.bottom <= bottom;
}

/** The square pixels that two boxes have in common. */
function common(a: Area, b: Area): number {
  const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return across > 0 && down > 0 ? across * down : 0;
}

// places for a label in the whole area, those nearest to its point first
function nearby(label: PlacedLabel, { left, right, top, bottom }: Area): PlacedLabel[] {
  const places: { at: PlacedLabel; away: number }[] = [];
  const width = widthOf(label.text);
  for (let y = top + lineHeight / 2; y <= bottom - lineHeight / 2; y += 5)
    for (let x = left; x <= right - width; x += 10) {
      const isRight = x + width / 2 >= label.x;
      const near = Math.max(0, x - label.x, label.x - x - width);
      const at = { ...label, anchor: isRight ? ("start" as const) : ("end" as const), labelX: isRight ? x : x + width, labelY: y }; // prettier-ignore
      places.push({ at, away: Math.hypot(near, y - label.y) });
    }
  return places.toSorted((a, b) => a.away - b.away).map(({ at }) => at);
}

/** `spread` within bounds; with less than `gap` between positions where there is no room for it. */
export function spreadWithin(wanted: readonly number[], gap: number, low: number, high: number): number[] {
  const least = Math.min(gap, (high - low) / Math.max(1, wanted.length - 1));
  const order = wanted.map((_, i) => i).toSorted((a, b) => wanted[a]! - wanted[b]!);
  const placed = spread(wanted, least);
  // bounded isotonic regression is the unbounded one, clipped
  for (const [rank, i] of order.entries())
    placed[i] = Math.min(high - (order.length - 1 - rank) * least, Math.max(low + rank * least, placed[i]!));
  return placed;
}

// groups whose horizontal extents touch
function columns(labels: readonly PlacedLabel[]): PlacedLabel[][] {
  const start = ({ text, anchor, labelX }: PlacedLabel): number =>
    anchor === "start" ? labelX : labelX - widthOf(text);
  const groups: PlacedLabel[][] = [];
  let end = -Infinity;
  for (const label of labels.toSorted((a, b) => start(a) - start(b))) {
    if (start(label) > end) groups.push([]);
    groups.at(-1)?.push(label);
    end = Math.max(end, start(label) + widthOf(label.text));
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
