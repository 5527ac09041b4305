// Agglomerative clustering: the two groups that are most alike join, and so on until there are few enough.

/**
 * So many of `count` positions in k groups at most; of pairs that are equally alike the first joins.
 * @param like how alike two groups are, from the positions of their members
 * @returns each group's positions, ascending, the groups by where their first members began
 */
export function linked(
  count: number,
  k: number,
  like: (a: readonly number[], b: readonly number[]) => number,
): number[][] {
  const groups = Array.from({ length: count }, (_, i) => [i]);
  while (groups.length > k) {
    let best = { a: 0, b: 1, value: -Infinity };
    for (let a = 0; a < groups.length; a++)
      for (let b = a + 1; b < groups.length; b++) {
        const value = like(groups[a]!, groups[b]!);
        if (value > best.value) best = { a, b, value };
      }
    groups[best.a]!.push(...groups.splice(best.b, 1)[0]!);
  }
  return groups.map((group) => group.toSorted((a, b) => a - b));
}
