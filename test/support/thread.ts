/** The address under which a TypeScript module runs in a worker thread, which does not inherit the loader. */
export function threadOf(module: URL): URL {
  const loader = JSON.stringify(import.meta.resolve("tsx/esm/api"));
  const script = `import { register } from ${loader}; register(); await import(${JSON.stringify(module.href)});`;
  return new URL(`data:text/javascript,${encodeURIComponent(script)}`);
}
