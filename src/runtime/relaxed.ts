// The entry "moiety/relaxed": the relaxed kernels, kept out of every bundle that does not ask for them. Importing it only
// makes `configure({ relaxedSimd: true })` possible.
import { offerRelaxed } from "./engine.ts";
import { relaxedText } from "./relaxed.wasm.ts";

offerRelaxed(relaxedText);
