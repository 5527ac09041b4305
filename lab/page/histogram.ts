// A client's rows by class, as small as a word.
import { svg } from "./element.ts";

const bar = 5;
const gap = 1;
const height = 18;

/** Bars for counts; those of the client's own classes in ink, the others quiet. */
export function histogram(
  counts: readonly number[],
  classes: readonly number[],
  classNames: readonly string[],
): SVGSVGElement {
  const most = Math.max(1, ...counts);
  const pitch = counts.length > 20 ? 1.5 : bar + gap;
  const path = (own: boolean): string =>
    counts
      .map((count, i) => {
        // where no class is a client's own more than another, all are
        if ((classes.length === 0 || classes.includes(i)) !== own || count === 0) return "";
        const h = Math.max(1, (count / most) * height);
        return `M${(i * pitch).toFixed(1)} ${height}v${-h.toFixed(1)}h${pitch > 2 ? bar : 1}V${height}z`;
      })
      .join("");
  const width = counts.length * pitch;
  return svg(
    "svg",
    { class: "histogram", width, height, viewBox: `0 0 ${width} ${height}`, role: "img" },
    svg("title", {}, counts.map((count, i) => `${classNames[i] ?? i} ${count}`).join(", ")),
    svg("path", { class: "others", d: path(false) }),
    svg("path", { class: "own", d: path(true) }),
  );
}
