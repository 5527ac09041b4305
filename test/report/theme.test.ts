import { themeCss } from "../../src/report/theme.ts";
import { assert, test } from "../support/suite.ts";

/** The variables of one mode, as relative luminance (WCAG 2). */
function luminances(css: string): Map<string, number> {
  return new Map(
    Array.from(css.matchAll(/--moiety-(\w+): #(..)(..)(..);/g), ([, name = "", ...channels]) => {
      const [r = 0, g = 0, b = 0] = channels.map((hex) => {
        const value = parseInt(hex, 16) / 255;
        return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
      });
      return [name, 0.2126 * r + 0.7152 * g + 0.0722 * b];
    }),
  );
}

const [light = "", dark = ""] = themeCss.split("@media (prefers-color-scheme: dark)");

for (const [mode, css] of Object.entries({ light, dark })) {
  test(`every ink can be read on the paper in ${mode} mode`, () => {
    const shades = luminances(css);
    const paper = shades.get("paper") ?? NaN;
    const inks = [...shades].filter(([name]) => !["paper", "line", "shade"].includes(name));
    assert.ok(inks.length >= 9);
    for (const [name, ink] of inks) {
      const contrast = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
      assert.ok(contrast >= 4.5, `${name}: ${contrast}`);
    }
  });
}

test.run();
