// MAPPER (Mansour et al. 2020): of several shares between the shared and an own model a client takes the one that fits its
// rows best, and the shared model learns by what was left to it.
import { answering } from "../answering.ts";
import { Tally } from "../tally.ts";
import { method, type Method, type Turn } from "../method.ts";
import { averaging } from "../servers.ts";
import { Mixing } from "./mixing.ts";

export const mapper: Method = method({
  name: "mapper",
  paper: "arXiv 2002.10619",
  about: "own models beside the shared one, at the share of a grid that fits best",
  // shares 0, 1/grid .. 1; `low` and `high` bound them
  options: { grid: 4, low: 0, high: 1 },
  ranges: { grid: { min: 1, whole: true }, low: { min: 0, max: 1 }, high: { min: 0, max: 1 } },
  sends: ["model"],
  keeps: ["own", "alpha"],
  client: (kit, { grid, low, high }) => {
    const shares = Array.from({ length: grid + 1 }, (_, i) => i / grid).filter((a) => a >= low && a <= high);
    if (shares.length === 0)
      throw new RangeError(
        `mapper: no share of the grid of ${grid} is between ${low} and ${high}; make the grid finer`,
      );
    const [shared, own] = [kit.net(), kit.net()];
    const [ofShared, ofOwn] = [kit.optimizer(shared.parameters), kit.optimizer(own.parameters)];
    const mixing = new Mixing(kit, own, shared);
    const load = ({ down, kept }: Turn<"model", "own" | "alpha">): void => {
      shared.parameters.copyFrom(down.model);
      own.parameters.copyFrom(kept.own ?? kit.initial);
    };
    return {
      initial: () => ({ model: kit.initial }),
      *train(turn) {
        load(turn);
        const before = own.parameters.toArray();
        let best = { alpha: shares[0]!, loss: Infinity, own: before };
        for (const alpha of shares) {
          own.parameters.copyFrom(before);
          kit.begin(turn, ofOwn);
          const tally = new Tally();
          for (const at of kit.batches(turn, { stream: "own" })) {
            mixing.place(alpha);
            tally.add(at, mixing.push(at, own, alpha).loss);
            ofOwn.step();
            yield;
          }
          if (tally.steps > 0 && tally.trainLoss < best.loss)
            best = { alpha, loss: tally.trainLoss, own: own.parameters.toArray() };
        }
        own.parameters.copyFrom(best.own);
        kit.begin(turn, ofShared);
        for (const at of kit.batches(turn, { epochs: 1 })) {
          mixing.place(best.alpha);
          mixing.push(at, shared, 1 - best.alpha);
          ofShared.step();
          yield;
        }
        return {
          up: { model: shared.parameters.toArray() },
          kept: { own: best.own, alpha: Float64Array.of(best.alpha) },
          metrics: { trainLoss: Number.isFinite(best.loss) ? best.loss : 0, alpha: best.alpha },
        };
      },
      answers(turn) {
        load(turn);
        // who has not had a turn has nothing of its own
        mixing.place(turn.kept.alpha?.[0] ?? 0);
        return { own: answering(mixing.net), shared: answering(shared) };
      },
    };
  },
  server: () => averaging(),
  traffic: ({ model }) => ({ down: model, up: model }),
  laws: [{ when: { low: 1 }, is: "local" }],
  presets: { paper: { options: { grid: 4 } }, safe: {} },
});
