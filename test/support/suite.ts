// The test runner behind one door, so that a move to another runner touches one file.
export { suite, test } from "uvu";
export * as assert from "uvu/assert";
