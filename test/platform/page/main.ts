// A page as an application would write it, for bundlers to take apart: one training step here, one client personalised in a
// Web Worker. Leaves what it found in `answer`.
import { step } from "./step.ts";

/** What the page found, or why it found nothing. */
export type Answer = { readonly step: string; readonly client: string } | { readonly failed: string };

function inWorker(): Promise<string> {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  return new Promise((resolve, reject) => {
    worker.addEventListener("message", ({ data }) => resolve(String(data)));
    worker.addEventListener("error", ({ message }) => reject(new Error(`worker: ${message}`)));
  });
}

async function find(): Promise<Answer> {
  try {
    return { step: step(), client: await inWorker() };
  } catch (error) {
    return { failed: String(error) };
  }
}

Object.assign(globalThis, { answer: find() });
