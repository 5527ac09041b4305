// Before anything else of the page: starts it, or says in a sentence why it cannot work here. A classic script without imports, since a
// page that is opened as a file, or in an old browser, runs no others.

// a module of one function that answers with a vector
const simd = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
];

const newer = "a browser of 2023 or later does: Chrome 110, Edge 110, Firefox 115, Safari 16.4";

function unfit(): string {
  if (location.protocol === "file:")
    return "Opened as a file, a page may not run the lab's workers: serve its folder instead, as npm run lab does, and open that address.";
  if (!("noModule" in document.createElement("script")) || typeof Worker !== "function")
    return `The lab runs in modules and workers, which this browser does not have; ${newer}.`;
  if (typeof WebAssembly !== "object")
    return `The lab computes in WebAssembly, which is missing or switched off here (as in lockdown modes); ${newer} unless it is told otherwise.`;
  try {
    if (WebAssembly.validate(new Uint8Array(simd))) return "";
  } catch {
    return "The lab computes in WebAssembly, which this page is not allowed to use; allow it for this page, and reload.";
  }
  return `The lab computes with vectors (WebAssembly SIMD), which this browser does not have; ${newer}.`;
}

const problem = unfit();
if (problem === "") {
  const script = document.createElement("script");
  script.type = "module";
  script.src = "main.js";
  document.head.append(script);
} else
  addEventListener("DOMContentLoaded", () => {
    const place = document.getElementById("unborn");
    if (!place) return;
    place.textContent = problem;
    place.className = "problem";
    document.body.dataset["stage"] = "unfit";
  });
