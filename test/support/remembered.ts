// What tests of a process find out once for all of them.
const all: Map<string, unknown>[] = [];

/** A map that is emptied where nothing that was found out holds any more. */
export function remembered<T>(): Map<string, T> {
  const map = new Map<string, T>();
  all.push(map);
  return map;
}

/** Forgets all of it: the sources have changed. */
export function forget(): void {
  for (const map of all) map.clear();
}
