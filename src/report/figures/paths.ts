// The paper's picture over a sweep: every method's way through the local-global plane as one parameter moves.
import { methodOrder, paperMethods } from "../methods.ts";
import { parameterLabel, settingStat } from "../sweep.ts";
import type { Setting } from "../sweep.ts";
import type { Figure, FigureOptions } from "./axis.ts";
import { type Stop, through, type Way } from "./ways.ts";

/** The paper's figure has the paper's methods unless others are named. */
export interface PathsOptions extends FigureOptions {
  readonly methods?: readonly string[];
}

/** Local (x) against global (y) test accuracy: one path per method, one stop with intervals per value of `parameter`. */
export function methodPaths(
  settings: readonly Setting[],
  parameter: string,
  { width = 640, methods: shown = paperMethods }: PathsOptions = {},
): Figure {
  const runs = settings.flatMap((setting) => setting.runs);
  const methods = methodOrder(runs.flatMap(({ summary }) => Object.keys(summary.methods))).filter((method) =>
    shown.includes(method),
  );
  const paths = methods.map((method): Way => ({
    method,
    stops: stops(settings, parameter, method),
    line: 1.5,
    opacity: 0.55,
    cross: 1,
    radius: 4.5,
    told: ({ at }) => `, ${parameterLabel(parameter)} ${at}`,
  }));
  // the parameter's value, the mixture's first
  const values = paths
    .toReversed()
    .flatMap(({ method, stops }) => stops.map((stop) => ({ method, text: stop.at, stop })));
  const title = `Local against global test accuracy as ${parameterLabel(parameter)} varies`;
  return through(paths, values, { title, width, fontSize: 11 });
}

function stops(settings: readonly Setting[], parameter: string, method: string): Stop[] {
  return settings.flatMap((setting) => {
    const x = settingStat(setting, method, "localTest");
    const y = settingStat(setting, method, "globalTest");
    return x && y ? [{ at: String(setting.values.get(parameter)), x, y }] : [];
  });
}
