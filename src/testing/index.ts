// For tests of code that uses moiety: gradient checks, and fast-check arbitraries for shapes and tensors.
// Needs fast-check, which the library itself does not.
export { gradcheck, type GradcheckOptions, type Point } from "../autograd/gradcheck.ts";
export { broadcastable, point, shape, type ShapeConstraints } from "./arbitraries.ts";
