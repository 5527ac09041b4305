// What a user sees while a run goes on: bars with the time left on a terminal, plain lines elsewhere.
import { MultiBar, Presets, type SingleBar } from "cli-progress";
import { duration } from "../report/numbers.ts";
import { focusOf, methodStyle } from "../report/methods.ts";
import type { MethodResults } from "../report/records.ts";
import type { Config, RunEvent } from "../experiment/index.ts";

export interface Display {
  show(event: RunEvent): void;
  stop(): void;
}

/** The display that fits where stdout goes, of a run whose rows are asked for this. */
export function display(task?: Config["task"]): Display {
  const measure = task === "regression" ? "R2" : "accuracy";
  return process.stdout.isTTY ? bars(measure) : lines(measure);
}

/** What a user sees of a sweep: a line for every run that is done, and on a terminal a bar for every one that goes on. */
export interface SweepDisplay {
  /** One more run goes on. */
  begin(name: string): RunDisplay;
  stop(): void;
}

/** One run among many: what happens, and the line that it ends with. */
export interface RunDisplay {
  show(event: RunEvent): void;
  end(line: string): void;
}

/** The display of a sweep of so many runs that fits where stdout goes. */
export function sweepDisplay(total: number): SweepDisplay {
  return process.stdout.isTTY && total > 0
    ? sweepBars(total)
    : { begin: () => ({ show() {}, end: console.log }), stop() {} };
}

/** A few methods' means, local / global test: the one in focus and what it is held against. */
export function shortResults(methods: MethodResults): string {
  const { method, against } = focusOf(Object.keys(methods));
  // a federation alone, of which nobody was evaluated
  if (!methods[method]) return "nobody evaluated";
  return [method, ...against]
    .map((name) => {
      const { localTest, globalTest } = methods[name]!;
      return `${methodStyle(name).label.toLowerCase()} ${localTest.mean.toFixed(1)} / ${globalTest.mean.toFixed(1)} %`;
    })
    .join(", ");
}

function shortScores(scores: Readonly<Record<string, { readonly localTest: number }>>): string {
  const { method, against } = focusOf(Object.keys(scores));
  return [...against, method]
    .map((name) => `${methodStyle(name).label.toLowerCase()} ${scores[name]!.localTest.toFixed(1)} %`)
    .join(", ");
}

const titles = { federation: "federation", clients: "clients" } as const;

// what stands beside title and bar, but for the note, which is cut where the line ends
const numbersWidth = 26;

/** How long a bar may be on a terminal of so many columns, beside a title: none where there is no room. */
export function barSize(columns: number, title: number): number {
  return Math.max(0, Math.min(40, columns - title - numbersWidth));
}

function multiBar(etaBuffer: number, title: number): MultiBar {
  const format = "{title} {bar} {value}/{total} | {eta_formatted} left | {note}";
  const barsize = barSize(process.stdout.columns ?? 80, title);
  return new MultiBar({ format, barsize, hideCursor: true, clearOnComplete: false, etaBuffer }, Presets.shades_classic);
}

function bars(measure: string): Display {
  // rounds differ little, so a short memory is honest
  const multi = multiBar(50, 10);
  let bar: SingleBar | undefined;
  let note = "";
  let reached = 0;
  // what stopped early is over, and its bar says so
  const end = (): void => {
    if (bar && reached > 0) {
      bar.setTotal(reached);
      bar.update(reached, { note });
    }
    bar?.stop();
  };
  return {
    show(event) {
      if (event.kind === "setup") {
        bar ??= multi.create(event.total, 0, { title: "set-up".padEnd(10), note });
        bar.update(event.done, { note });
      } else if (event.kind === "phase") {
        end();
        note = "";
        reached = event.done;
        bar = multi.create(event.total, event.done, { title: (event.method ?? titles[event.phase]).padEnd(10), note });
      } else if (event.kind === "round") {
        for (const { client, reason } of event.refused ?? [])
          multi.log(`round ${event.round + 1}: without client ${client}, ${reason}\n`);
        if (event.validationLoss !== undefined)
          note = `validation loss ${event.validationLoss.toFixed(3)}, ${measure} ${event.validationAccuracy?.toFixed(1)} %`;
        reached = event.round + 1;
        bar?.update(reached, { note });
      } else {
        reached = event.done;
        note = `client ${event.client}: ${shortScores(event.result.scores)} local`;
        bar?.update(event.done, { note });
      }
    },
    stop: () => multi.stop(),
  };
}

function sweepBars(total: number): SweepDisplay {
  // the end of a name tells runs apart
  const wide = Math.min(36, Math.floor((process.stdout.columns ?? 80) / 3));
  const multi = multiBar(total, wide);
  const titleOf = (name: string): string => name.slice(-wide).padEnd(wide);
  const all = multi.create(total, 0, { title: titleOf("runs"), note: "" });
  return {
    begin(name) {
      const title = titleOf(name);
      const bar = multi.create(1, 0, { title, note: "" });
      return {
        show(event) {
          if (event.kind === "setup") return;
          if (event.kind === "phase") bar.start(event.total, event.done, { title, note: titles[event.phase] });
          else bar.update(event.kind === "round" ? event.round + 1 : event.done);
        },
        end(line) {
          multi.remove(bar);
          multi.log(`${line}\n`);
          all.increment();
        },
      };
    },
    stop: () => multi.stop(),
  };
}

function lines(measure: string): Display {
  const started = performance.now();
  let began = started;
  let from = 0;
  let total = 0;
  const left = (done: number): string => {
    const each = (performance.now() - began) / Math.max(1, done - from);
    return done < total ? `, at most ${duration((each * (total - done)) / 1000)} left` : "";
  };
  return {
    show(event) {
      if (event.kind === "setup") console.log(`set-up: ${event.done} of ${event.total} clients`);
      else if (event.kind === "phase") {
        [began, from, total] = [performance.now(), event.done, event.total];
        const part = event.done > 0 ? `, going on from ${event.done}` : "";
        console.log(
          `${event.method ? `${event.method}: ` : ""}${titles[event.phase]}: ${event.total} ${event.phase === "federation" ? "rounds at most" : "to personalise"}${part}`,
        );
      } else if (event.kind === "round") {
        for (const { client, reason } of event.refused ?? [])
          console.log(`round ${event.round + 1}/${total}: without client ${client}, ${reason}`);
        if (event.validationLoss === undefined) return;
        console.log(
          `round ${event.round + 1}/${total}: training loss ${event.trainLoss?.toFixed(3) ?? "none"}, validation loss ` +
            `${event.validationLoss.toFixed(3)}, ${measure} ${event.validationAccuracy?.toFixed(1)} %${event.best ? " (best)" : ""}${left(event.round + 1)}`,
        );
      } else {
        console.log(
          `client ${event.client} (${event.done}/${event.total}): ${shortScores(event.result.scores)} on the local test${left(event.done)}`,
        );
      }
    },
    stop() {},
  };
}
