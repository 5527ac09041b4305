// Which page has which run: two pages that go on with the same one would write over each other.

const prefix = "moiety lab ";

// a page that is not served securely has no locks, and goes without
const locks = (): LockManager | undefined => navigator.locks as LockManager | undefined;

/** Takes a run for this page; undefined where another has it. The answer gives it back. */
export function take(id: string): Promise<(() => void) | undefined> {
  const manager = locks();
  if (!manager) return Promise.resolve(() => {});
  return new Promise((resolve, reject) => {
    manager
      .request(prefix + id, { ifAvailable: true }, (lock) => {
        if (!lock) return resolve(undefined);
        return new Promise<void>((release) => resolve(release));
      })
      .catch(reject);
  });
}

/** The runs that pages have now, this one among them. */
export async function taken(): Promise<Set<string>> {
  const held = (await locks()?.query())?.held ?? [];
  return new Set(held.flatMap(({ name = "" }) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : [])));
}
