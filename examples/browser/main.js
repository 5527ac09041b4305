// The page: shows what the worker tells, and asks it. All training is in the worker, so the page is never held up.
const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
const element = (id) => document.getElementById(id);

worker.addEventListener("message", ({ data }) => {
  if (data.done !== undefined) element("progress").value = data.done;
  if (data.state) element("state").textContent = data.state;
  if (data.answer) {
    const { label, trust } = data.answer;
    element("answer").textContent = `${label}; the specialist was trusted ${(100 * trust).toFixed(0)} %`;
  }
  if (data.ready) ask();
});

function ask() {
  worker.postMessage({ ask: [Number(element("temperature").value), Number(element("vibration").value)] });
}

for (const id of ["temperature", "vibration"]) element(id).addEventListener("input", ask);
element("stop").addEventListener("click", () => worker.postMessage({ stop: true }));
element("forget").addEventListener("click", () => worker.postMessage({ forget: true }));
