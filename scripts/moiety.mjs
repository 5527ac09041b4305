// Runs the command line of a clone, after installing and building what is missing or stale. Plain JavaScript: it must run
// before anything is installed.
import { prepare } from "./stale.mjs";

prepare({ compile: true });
await import("../dist/cli/main.js");
