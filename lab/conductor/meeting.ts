// What two tabs say to each other before anything is trained, and why one of them is sent away.
import { originOf } from "../../src/experiment/origin.ts";
import type { Setup } from "../../src/experiment/setup.ts";
import { VERSION } from "./version.ts";

/** What both tabs must have alike. */
export interface Terms {
  readonly version: string;
  readonly config: string;
  readonly data: string;
  readonly kernels: string;
}

/** What a tab says that is no message to a node. */
export type Said =
  | { readonly kind: "hello"; readonly terms: Terms }
  | { readonly kind: "welcome"; readonly own: readonly number[] }
  | { readonly kind: "ready" }
  /** Said once to a tab that is not let in, or to one that was. */
  | { readonly kind: "refused"; readonly why: string };

export function termsOf(setup: Setup): Terms {
  return { version: VERSION, ...originOf(setup) };
}

const differing: Readonly<Record<keyof Terms, string>> = {
  version:
    "this tab has another version of the page than the first one: reload both, and open the second from the first",
  config: "this tab has another set-up than the first one: open it again from there",
  data: "this tab has other data than the first one: give both the same files",
  kernels: "this tab computes with other kernels than the first one: open both in the same browser",
};

/** Why a tab with these terms cannot take part, in a sentence; nothing if it can. */
export function refusal(ours: Terms, theirs: Partial<Terms> | undefined): string {
  const odd = (Object.keys(differing) as (keyof Terms)[]).find((name) => ours[name] !== theirs?.[name]);
  return odd ? differing[odd] : "";
}
