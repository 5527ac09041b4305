// When to draw: never more often than a view wants, never twice in a frame, and never so long that the page would stutter.

/** Something that can be drawn again. */
export interface View {
  /** Milliseconds between two drawings, at least. */
  readonly every: number;
  /** Draws; "again" asks for the next drawing, as what still moves does. */
  draw(): "again" | undefined | void;
}

// after so many milliseconds of drawing the rest waits for the next frame
const budget = 10;

export class Frames {
  readonly #due = new Map<View, number>();
  readonly #drawn = new Map<View, number>();
  #waiting = false;

  /** Asks for views to be drawn, soon. */
  want(views: Iterable<View>): void {
    const now = performance.now();
    for (const view of views)
      if (!this.#due.has(view)) this.#due.set(view, Math.max(now, (this.#drawn.get(view) ?? -Infinity) + view.every));
    this.#wait();
  }

  #wait(): void {
    if (this.#waiting || this.#due.size === 0) return;
    this.#waiting = true;
    const delay = Math.min(...this.#due.values()) - performance.now();
    // frames are asked for only when something is to be drawn in them
    if (delay > 16) setTimeout(() => requestAnimationFrame(this.#frame), delay - 8);
    else requestAnimationFrame(this.#frame);
  }

  readonly #frame = (): void => {
    const began = performance.now();
    this.#waiting = false;
    for (const [view, due] of this.#due) {
      if (due > began + 8) continue;
      this.#due.delete(view);
      const more = view.draw();
      const now = performance.now();
      this.#drawn.set(view, now);
      if (more) this.#due.set(view, began + view.every);
      if (now - began > budget) break;
    }
    this.#wait();
  };
}
