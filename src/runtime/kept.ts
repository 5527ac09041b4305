/** Things made on the way to a result, which are gone together once it is there. */
export class Kept {
  readonly #things: { dispose(): void }[] = [];

  add<T extends { dispose(): void }>(thing: T): T {
    this.#things.push(thing);
    return thing;
  }

  dispose(): void {
    for (const thing of this.#things.splice(0)) thing.dispose();
  }
}
