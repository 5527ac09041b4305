// What the lab's tests in a browser share: where it is served, and the browser once it has begun.
import type { Browser } from "playwright-core";
import type { suite } from "../../support/suite.ts";

export type Suite = ReturnType<typeof suite>;

export interface Desk {
  readonly browser: Browser;
  readonly url: string;
}
