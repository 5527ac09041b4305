// A pad to draw on, in the dataset's own pixels: what is seen is what the models get.
import { el } from "./element.ts";

/** The shape of an image dataset. */
export type ImageShape = readonly [channels: number, height: number, width: number];

export class Pad {
  readonly element: HTMLCanvasElement;
  readonly #shape: ImageShape;
  readonly #pixels: Uint8Array;
  readonly #changed: (pixels: Uint8Array) => void;
  readonly #image: ImageData;
  readonly #context: CanvasRenderingContext2D;
  #last: readonly [number, number] | undefined;
  /** Radius of the brush in pixels of the image. */
  brush = 1.6;

  constructor(shape: ImageShape, changed: (pixels: Uint8Array) => void) {
    const [channels, height, width] = shape;
    this.#shape = shape;
    this.#pixels = new Uint8Array(channels * height * width);
    this.#changed = changed;
    this.element = el("canvas", { class: "pad", width, height, role: "img", "aria-label": "Drawing pad" });
    this.#context = this.element.getContext("2d", { willReadFrequently: true })!;
    this.#image = this.#context.createImageData(width, height);
    this.element.addEventListener("pointerdown", (event) => this.#down(event));
    this.element.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel"] as const)
      this.element.addEventListener(end, () => void (this.#last = undefined));
    this.show(this.#pixels);
  }

  /** Replaces the image. */
  show(pixels: Uint8Array): void {
    this.#pixels.set(pixels);
    paint(this.#image, this.#pixels, this.#shape);
    this.#context.putImageData(this.#image, 0, 0);
  }

  clear(): void {
    this.show(new Uint8Array(this.#pixels.length));
    this.#changed(this.#pixels.slice());
  }

  #down(event: PointerEvent): void {
    event.preventDefault();
    this.element.setPointerCapture(event.pointerId);
    this.#last = this.#at(event);
    this.#stroke(this.#last, this.#last);
  }

  #move(event: PointerEvent): void {
    if (!this.#last) return;
    const at = this.#at(event);
    this.#stroke(this.#last, at);
    this.#last = at;
  }

  #at({ clientX, clientY }: PointerEvent): [number, number] {
    const { left, top, width, height } = this.element.getBoundingClientRect();
    const [, rows, columns] = this.#shape;
    return [((clientX - left) / width) * columns, ((clientY - top) / height) * rows];
  }

  // full inside the brush, fading over a pixel at its edge
  #stroke([x0, y0]: readonly [number, number], [x1, y1]: readonly [number, number]): void {
    const [channels, height, width] = this.#shape;
    const length = (x1 - x0) ** 2 + (y1 - y0) ** 2;
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++) {
        const [x, y] = [column + 0.5, row + 0.5];
        const t = length > 0 ? Math.min(1, Math.max(0, ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length)) : 0;
        const distance = Math.hypot(x - x0 - t * (x1 - x0), y - y0 - t * (y1 - y0));
        const ink = Math.round(235 * Math.min(1, Math.max(0, this.brush + 0.5 - distance)));
        for (let channel = 0; channel < channels; channel++) {
          const at = (channel * height + row) * width + column;
          this.#pixels[at] = Math.max(this.#pixels[at]!, ink);
        }
      }
    this.show(this.#pixels);
    this.#changed(this.#pixels.slice());
  }
}

/** Writes bytes of a dataset's shape into an image of its size. */
export function paint({ data }: ImageData, pixels: Uint8Array, [channels, height, width]: ImageShape): void {
  const size = height * width;
  for (let i = 0; i < size; i++) {
    for (let c = 0; c < 3; c++) data[4 * i + c] = pixels[(channels === 3 ? c : 0) * size + i]!;
    data[4 * i + 3] = 255;
  }
}

/** A small picture of the dataset that can be pressed. */
export function pictureButton(
  pixels: Uint8Array,
  shape: ImageShape,
  name: string,
  onclick: () => void,
): HTMLButtonElement {
  const attributes = { type: "button", class: "picture", title: name, "aria-label": name, onclick };
  return el("button", attributes, thumbnail(pixels, shape));
}

function thumbnail(pixels: Uint8Array, shape: ImageShape): HTMLCanvasElement {
  const canvas = el("canvas", { width: shape[2], height: shape[1], "aria-hidden": "true" });
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(shape[2], shape[1]);
  paint(image, pixels, shape);
  context.putImageData(image, 0, 0);
  return canvas;
}
