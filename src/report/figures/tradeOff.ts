// The whole trade-off: every method's way through the local-global plane as its dial turns, and the points of those that have
// none.
import { methodOrder } from "../methods.ts";
import type { Metric } from "../metrics.ts";
import { stat } from "../stat.ts";
import { away, type Both, curvesOf, dialled, pointsOf, stop } from "../tradeOff.ts";
import type { Place } from "./cross.ts";
import type { Figure, FigureOptions } from "./axis.ts";
import { through, type Way } from "./ways.ts";

interface Dialled extends Way {
  readonly dial: string;
}

export interface TradeOffOptions extends FigureOptions {
  /** Whose points are shown beside the curves, where they are there. */
  readonly points?: readonly string[];
  /** Whom intervals are against, paired by client, where it is there. */
  readonly against?: string;
}

const none = (): Both => ({ localTest: 0, globalTest: 0 });

const usual = ["fedavg", "finetuned", "mixture", "ensemble", "stream"];

/**
 * Local (x) against global (y) test accuracy over the clients of runs of one setting. A cross is the 95 % interval of a place's
 * difference to the method it is against.
 */
export function tradeOff(
  runs: readonly (readonly Metric[])[],
  { width = 640, points = usual, against = "finetuned" }: TradeOffOptions = {},
): Figure {
  // a run need not have it: then the first that it has, and without any a place's own interval
  const reference = [against, ...points].map((method) => pointsOf(runs, method)).find((of) => of.length > 0);
  const placeOf = (of: readonly Both[]): Place => {
    const { local, global } = reference ? away(reference, of) : away(of.map(none), of);
    const mean = (test: keyof Both): number => stat(of.map((point) => point[test])).mean;
    return { x: { ...local, mean: mean("localTest") }, y: { ...global, mean: mean("globalTest") } };
  };
  const curved = methodOrder(runs.flatMap(dialled)).map((method): Dialled => {
    const curves = curvesOf(runs, method);
    const { dial, at } = curves[0]!;
    return {
      method,
      stops: at.map((value, i) => ({ at: String(value), ...placeOf(stop(curves, i)) })),
      dial,
      line: 1.75,
      cross: 0.5,
      radius: 2.75,
      told: (stop) => `, ${dial} = ${stop.at}`,
    };
  });
  const alone = methodOrder(points.filter((method) => !curved.some((way) => way.method === method))).flatMap(
    (method): Way[] => {
      const found = pointsOf(runs, method);
      if (found.length === 0) return [];
      const stops = [{ at: "", ...placeOf(found) }];
      return [{ method, stops, line: 1.75, cross: 1.25, radius: 5.5, told: () => "" }];
    },
  );
  // curves leave from everybody's answer and arrive at the client's own
  const words = curved.flatMap(({ method, dial, stops }) =>
    stops.map((stop, i) => ({
      method,
      text: i === 0 || i === stops.length - 1 ? `${dial} = ${stop.at}` : stop.at,
      stop,
    })),
  );
  const title = "The trade-off between local and global test accuracy";
  return through([...curved, ...alone], words, { title, width, fontSize: 10 });
}
