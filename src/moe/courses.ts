// Streams made of rows: there is none in a test, so the client's own rows and foreign ones come apart, in turns, or in turn.
import { fold, type Key, Stream } from "../runtime/random.ts";

/** Rows in an order, and which of them count as the client's own. */
export interface Course {
  readonly rows: readonly number[];
  readonly own: readonly boolean[];
}

/** Own rows and foreign ones, by their numbers. */
export interface Sources {
  readonly local: Int32Array;
  readonly global: Int32Array;
}

/** All foreign rows once, own rows as often as it takes: apart (0), or so many of each in turn. */
export function coursesOf({ local, global }: Sources, turn: number, key: Key): Course[] {
  const shuffled = (rows: Int32Array, name: string): number[] =>
    Array.from(new Stream(fold(key, name)).choose(rows.length, rows.length), (at) => rows[at]!);
  const [own, foreign] = [shuffled(local, "own"), shuffled(global, "foreign")];
  const course = (rows: readonly number[], mine: boolean): Course => ({ rows, own: rows.map(() => mine) });
  if (turn === 0) return [course(own, true), course(foreign, false)];
  const parts: Course[] = [];
  for (let at = 0; at < foreign.length; at += turn) {
    const others = foreign.slice(at, at + turn);
    parts.push(course(others.map((_, i) => own[(at + i) % own.length]!), true), course(others, false)); // prettier-ignore
  }
  return [{ rows: parts.flatMap(({ rows }) => rows), own: parts.flatMap((part) => part.own) }];
}
