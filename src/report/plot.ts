// What figures use of Observable Plot: a build takes that along into this one module.
export {
  areaY,
  axisX,
  axisY,
  barX,
  dot,
  gridX,
  gridY,
  line,
  lineY,
  link,
  plot,
  ruleX,
  text,
  tickX,
} from "@observablehq/plot";
