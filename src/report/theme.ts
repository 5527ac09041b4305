// The colours of figures and pages, as CSS variables for light and dark. The four main methods differ by at least 23
// (CIE 1976) under simulated protanopia, deuteranopia and tritanopia, and as text by 4.5 to 1 from the paper.

interface Shade {
  readonly light: string;
  readonly dark: string;
}

const palette: Readonly<Record<string, Shade>> = {
  paper: { light: "#ffffff", dark: "#15171a" },
  ink: { light: "#1c1e21", dark: "#e6e7e9" },
  quiet: { light: "#5c636a", dark: "#a2a9b0" },
  line: { light: "#dcdfe2", dark: "#34383d" },
  shade: { light: "#f4f5f6", dark: "#1e2125" },
  local: { light: "#b4570f", dark: "#e8853a" },
  fedavg: { light: "#153a70", dark: "#4f94ff" },
  finetuned: { light: "#15836c", dark: "#35e0a8" },
  mixture: { light: "#c81ebb", dark: "#f29ae4" },
  ensemble: { light: "#7a6a00", dark: "#d4c24a" },
  gateOnly: { light: "#6f5ccf", dark: "#b3a6ff" },
  threeWay: { light: "#0d7fa5", dark: "#5cc8ee" },
  brick: { light: "#b3261e", dark: "#ff8a80" },
  moss: { light: "#4d6b00", dark: "#a9cc4e" },
  umber: { light: "#7a4b2a", dark: "#d3a27f" },
  berry: { light: "#8a1253", dark: "#ff7ab8" },
  slate: { light: "#3f5b8c", dark: "#8fb0e8" },
  constantWeight: { light: "#6b7278", dark: "#9aa6ae" },
};

/** A colour of the palette by name. Outside a themed page it falls back to its light shade. */
export function color(name: string): string {
  const shade = palette[name] ?? palette["quiet"];
  return `var(--moiety-${name in palette ? name : "quiet"}, ${shade?.light})`;
}

/** The variables, to be put before everything else; dark where the reader prefers it. */
export const themeCss: string = `:root { color-scheme: light dark; ${variables("light")} }
@media (prefers-color-scheme: dark) { :root { ${variables("dark")} } }`;

function variables(mode: keyof Shade): string {
  return Object.entries(palette)
    .map(([name, shade]) => `--moiety-${name}: ${shade[mode]};`)
    .join(" ");
}
