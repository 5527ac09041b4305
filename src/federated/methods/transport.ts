// Who gets what where everything is to go to a number of places and places have room for some: the assignment of the highest value,
// exactly. A flow of lowest cost: each unit goes along the shortest path of what is left of the network, which may take back what went
// before (Ford and Fulkerson 1962; with lower bounds met first by a large bonus for the first places).

interface Edge {
  readonly to: number;
  /** What may still go along it. */
  room: number;
  readonly cost: number;
  /** Its place among the edges of where it leads to. */
  readonly back: number;
}

export interface Bounds {
  /** To how many places each thing goes. */
  readonly each: number;
  /** How many things a place has at least, and at most. */
  readonly least: number;
  readonly most: number;
}

/**
 * Places of every thing, ascending, so that the sum of their values is the highest there is; ties go by the order of the search, which
 * is the same everywhere.
 * @param values of each thing at each place, finite
 */
export function assignment(values: readonly ArrayLike<number>[], { each, least, most }: Bounds): number[][] {
  const [things, places] = [values.length, values[0]?.length ?? 0];
  const units = things * each;
  if (things === 0) return [];
  if (each > places || units > places * most || units < places * least)
    throw new RangeError(
      `assignment: got ${things} things for ${each} of ${places} places each, of which one has ${least} to ${most}, expected bounds that can be met`,
    );
  const [source, sink] = [things + places, things + places + 1];
  const graph: Edge[][] = Array.from({ length: sink + 1 }, () => []);
  const connect = (from: number, to: number, room: number, cost: number): void => {
    graph[from]!.push({ to, room, cost, back: graph[to]!.length });
    graph[to]!.push({ to: from, room: 0, cost: -cost, back: graph[from]!.length - 1 });
  };
  // more than any exchange of values could gain
  const bonus = 1 + 2 * units * Math.max(1, ...values.flatMap((row) => Array.from(row, Math.abs)));
  for (let i = 0; i < things; i++) {
    connect(source, i, each, 0);
    for (let j = 0; j < places; j++) connect(i, things + j, 1, -values[i]![j]!);
  }
  for (let j = 0; j < places; j++) {
    if (least > 0) connect(things + j, sink, least, -bonus);
    connect(things + j, sink, most - least, 0);
  }
  for (let unit = 0; unit < units; unit++) augment(graph, source, sink);
  return values.map((_, i) => graph[i]!.filter(({ to, room }) => to >= things && to < source && room === 0).map(({ to }) => to - things)); // prettier-ignore
}

// one unit along a path of the lowest cost (Bellman and Ford, with a queue): costs may be below zero, rings of them are not
function augment(graph: readonly Edge[][], source: number, sink: number): void {
  const far = new Float64Array(graph.length).fill(Infinity);
  const by: (readonly [node: number, edge: number] | undefined)[] = graph.map(() => undefined);
  far[source] = 0;
  const queue = [source];
  const waits = new Uint8Array(graph.length);
  for (let head = 0; head < queue.length; head++) {
    const node = queue[head]!;
    waits[node] = 0;
    graph[node]!.forEach(({ to, room, cost }, edge) => {
      // less by more than rounding, or equal paths would chase each other
      if (room <= 0 || !(far[node]! + cost < far[to]! - 1e-9)) return;
      far[to] = far[node]! + cost;
      by[to] = [node, edge];
      if (waits[to]) return;
      waits[to] = 1;
      queue.push(to);
    });
  }
  for (let at = sink; at !== source;) {
    const [node, edge] = by[at]!;
    const taken = graph[node]![edge]!;
    taken.room--;
    graph[at]![taken.back]!.room++;
    at = node;
  }
}
