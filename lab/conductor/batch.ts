// Events by the handful: a message each would cost the page more than what it says.

/** Hands on what was added, at most every `milliseconds`. */
export class Batch<T> {
  readonly #send: (items: readonly T[]) => void;
  readonly #milliseconds: number;
  #items: T[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(send: (items: readonly T[]) => void, milliseconds = 40) {
    this.#send = send;
    this.#milliseconds = milliseconds;
  }

  add(item: T): void {
    this.#items.push(item);
    this.#timer ??= setTimeout(() => this.flush(), this.#milliseconds);
  }

  /** Hands on what is there, now. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#items.length > 0) this.#send(this.#items);
    this.#items = [];
  }
}
