// Something in the plane that glides to where it is sent, a part of the way at every step.

// of the way that is left; gone in about ten steps
const part = 0.3;
const near = 0.4;

const still = typeof matchMedia === "function" ? matchMedia("(prefers-reduced-motion: reduce)") : undefined;

export class Mover {
  readonly element: SVGGraphicsElement;
  #target: readonly [number, number] | undefined;
  #at: readonly [number, number] | undefined;

  constructor(element: SVGGraphicsElement) {
    this.element = element;
    element.style.display = "none";
  }

  /** Sends it to a place in pixels, or away. Whether it has been somewhere else. */
  to(target: readonly [number, number] | undefined): boolean {
    const moved = this.#at !== undefined && target !== undefined && distance(this.#at, target) > near;
    if (!target !== !this.#target) this.element.style.display = target ? "" : "none";
    // what appears, appears where it is
    if (target && !this.#target) this.#put(target);
    if (!target) this.#at = undefined;
    this.#target = target;
    return moved;
  }

  /** Goes on; whether there is more to go. */
  step(): boolean {
    if (!this.#target || !this.#at) return false;
    const left = distance(this.#at, this.#target);
    if (left === 0) return false;
    if (left < near || still?.matches) {
      this.#put(this.#target);
      return false;
    }
    const [x, y] = this.#at;
    this.#put([x + part * (this.#target[0] - x), y + part * (this.#target[1] - y)]);
    return true;
  }

  #put(at: readonly [number, number]): void {
    this.#at = at;
    this.element.style.transform = `translate(${at[0].toFixed(1)}px, ${at[1].toFixed(1)}px)`;
  }
}

function distance([x0, y0]: readonly [number, number], [x1, y1]: readonly [number, number]): number {
  return Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0));
}
