// The client: fetches the generalist, trains on its own readings, keeps its mixture in IndexedDB, answers. Needs no cross-origin
// isolation. Import maps do not reach workers, so without a bundler the package is named by its address; with one, write
// "moiety" and "moiety/nn".
import { Generalist, Mixture, personalize } from "../../dist/index.js";
import { mlp, mlpGate } from "../../dist/nn/index.js";

const model = { expert: mlp(2, 3), gate: mlpGate(2), shape: [2], classes: ["idle", "working", "jammed"] };
const beside = (name) => new URL(name, import.meta.url);
const controller = new AbortController();
let mixture;

/** Does one thing with the store of kept mixtures. */
function inDatabase(mode, act) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("moiety-example", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("mixtures");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const request = act(opening.result.transaction("mixtures", mode).objectStore("mixtures"));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    };
  });
}

async function start() {
  const kept = await inDatabase("readonly", (store) => store.get("mine"));
  if (kept) {
    mixture = await Mixture.load(model, kept);
    return postMessage({ done: 1, state: "restored from IndexedDB", ready: true });
  }
  const generalist = await Generalist.load(model, beside("generalist.safetensors"));
  const { own, unseen } = await (await fetch(beside("readings.json"))).json();
  mixture = await personalize(generalist, own, {
    signal: controller.signal,
    onProgress: ({ phase, done }) => postMessage({ done, state: `training: ${phase}` }),
  });
  await inDatabase("readwrite", (store) => store.put(mixture.save(), "mine"));
  const right = [generalist, mixture].map((of) => `${(100 * of.accuracy(unseen)).toFixed(1)} %`);
  postMessage({ done: 1, state: `right on this machine: generalist ${right[0]}, mixture ${right[1]}`, ready: true });
}

addEventListener("message", async ({ data }) => {
  if (data.ask && mixture) postMessage({ answer: mixture.predict([data.ask])[0] });
  if (data.stop) controller.abort(new Error("stopped"));
  if (data.forget) {
    await inDatabase("readwrite", (store) => store.delete("mine"));
    postMessage({ state: "forgotten; reload to train again" });
  }
});

start().catch((error) => postMessage({ state: error.message }));
