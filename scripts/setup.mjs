// Makes a fresh clone ready for tests and checks: installs packages if they are not there, builds kernels if stale.
import { prepare } from "./stale.mjs";

prepare({ compile: false });
