// What the convolutions put into scratch before they compute: padded samples, offset tables, reordered weights.

/** Size of the output along one side; 0 where the kernel does not fit. */
@inline
export function outputSide(size: i32, kernel: i32, stride: i32, pad: i32): i32 {
  const room = size + 2 * pad - kernel;
  return room < 0 ? 0 : room / stride + 1;
}

/** Rounds bytes up to whole cache lines. */
@inline
export function lines(bytes: i32): i32 {
  return (bytes + 63) & ~63;
}

/** table[r] = (r / kh) * plane + (r % kh) * row, r < ic * kh, in bytes: where each row of taps begins in a sample. */
export function tapRows(table: usize, ic: i32, kh: i32, plane: usize, row: usize): usize {
  for (let c = 0; c < ic; c++)
    for (let ky = 0; ky < kh; ky++, table += 4) store<u32>(table, <usize>c * plane + <usize>ky * row);
  return table;
}

/** Bytes of a sample that is copied only if there is padding. */
@inline
export function paddedBytes(ic: i32, height: i32, width: i32, pad: i32): i32 {
  return pad ? lines(ic * height * width * 4) : 0;
}

/** Copies one sample [ic, ih, iw] into the middle of planes `pad` wider on every side, whose border is zero. */
export function padSample(x: usize, out: usize, ic: i32, ih: i32, iw: i32, pad: i32): void {
  const row = (<usize>iw) << 2;
  const border = (<usize>pad) << 2;
  const wide = row + (border << 1);
  memory.fill(out, 0, <usize>(ic * (ih + 2 * pad)) * wide);
  for (let c = 0; c < ic; c++) {
    let to = out + <usize>pad * wide + border;
    for (let y = 0; y < ih; y++, x += row, to += wide) memory.copy(to, x, row);
    out += <usize>(ih + 2 * pad) * wide;
  }
}

/** Pairs of channels; of an odd number the last pair overlaps the one before, a single channel is its own partner. */
@inline
export function pairs(oc: i32): i32 {
  return (oc + 1) >> 1;
}

/** First channel of a pair. */
@inline
export function firstOfPair(pair: i32, oc: i32): i32 {
  return max(0, min(pair << 1, oc - 2));
}

/** out[pair][tap][2] = w[channel, tap]: the channels of a pair together, tap by tap. */
export function pairChannels(w: usize, out: usize, oc: i32, taps: i32): void {
  const row = (<usize>taps) << 2;
  for (let pair = 0; pair < pairs(oc); pair++) {
    const first = w + <usize>firstOfPair(pair, oc) * row;
    const second = oc > 1 ? first + row : first;
    for (let tap: usize = 0; tap < row; tap += 4, out += 8) {
      store<f32>(out, load<f32>(first + tap));
      store<f32>(out, load<f32>(second + tap), 4);
    }
  }
}

/** out[o / 16][tap][o % 16] = w[o, tap], o < oc, taps `width(oc)` wide, filled up with zeros. */
export function groupChannels(w: usize, out: usize, oc: i32, taps: i32): void {
  const row = (<usize>taps) << 2;
  for (let o = 0; o < oc; o += 16) {
    const columns = min(16, oc - o);
    for (let j = 0; j < 16; j++) {
      let to = out + ((<usize>j) << 2);
      if (j < columns) for (let tap = 0; tap < taps; tap++, w += 4, to += 64) store<f32>(to, load<f32>(w));
      else for (let tap = 0; tap < taps; tap++, to += 64) store<f32>(to, 0);
    }
    out += row << 4;
  }
}

/**
 * Transposes one sample [oc, oh, ow] to pixels: channel o of output (oy, ox) goes to out + oy * rowStep + ox * pixelStep
 * + 4 * o; channels are filled up with zeros to a multiple of 4.
 */
export function toPixels(gy: usize, out: usize, oc: i32, oh: i32, ow: i32, pixelStep: usize, rowStep: usize): void {
  const plane = (<usize>(oh * ow)) << 2;
  for (let o = 0; o < oc; o += 4, gy += plane << 2, out += 16) {
    const channels = oc - o;
    let from = gy;
    for (let oy = 0; oy < oh; oy++, from += (<usize>ow) << 2) {
      const to = out + <usize>oy * rowStep;
      // the last four of a row overlap those before them; rows shorter than four go one by one
      if (ow >= 4)
        for (let ox = 0; ox < ow; ox += 4) {
          const first = <usize>min(ox, ow - 4);
          transposeFour(from + (first << 2), plane, channels, to + first * pixelStep, pixelStep);
        }
      else
        for (let ox: usize = 0; ox < <usize>ow; ox++) gatherOne(from + (ox << 2), plane, channels, to + ox * pixelStep);
    }
  }
}

/** Four neighbouring pixels of up to four planes. */
@inline
function transposeFour(from: usize, plane: usize, channels: i32, to: usize, pixelStep: usize): void {
  const zero = f32x4.splat(0);
  const a = v128.load(from);
  const b = channels > 1 ? v128.load(from + plane) : zero;
  const c = channels > 2 ? v128.load(from + (plane << 1)) : zero;
  const d = channels > 3 ? v128.load(from + plane * 3) : zero;
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5));
  v128.store(to + pixelStep, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
  v128.store(to + (pixelStep << 1), v128.shuffle<f32>(abHigh, cdHigh, 0, 1, 4, 5));
  v128.store(to + pixelStep * 3, v128.shuffle<f32>(abHigh, cdHigh, 2, 3, 6, 7));
}

/** One pixel of up to four planes. */
function gatherOne(from: usize, plane: usize, channels: i32, to: usize): void {
  store<f32>(to, load<f32>(from));
  store<f32>(to, channels > 1 ? load<f32>(from + plane) : 0, 4);
  store<f32>(to, channels > 2 ? load<f32>(from + (plane << 1)) : 0, 8);
  store<f32>(to, channels > 3 ? load<f32>(from + plane * 3) : 0, 12);
}

/**
 * Spreads the lanes of c and d over up to 4 planes: lane i of c to y + i * plane, that of d (if `both`) 4 bytes behind it.
 */
@inline
export function storePairs(y: usize, c: v128, d: v128, plane: usize, count: i32, both: bool): void {
  const low = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const high = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  if (both) {
    if (count > 0) v128.store64_lane(y, low, 0);
    if (count > 1) v128.store64_lane(y + plane, low, 1);
    if (count > 2) v128.store64_lane(y + (plane << 1), high, 0);
    if (count > 3) v128.store64_lane(y + plane * 3, high, 1);
  } else {
    if (count > 0) v128.store32_lane(y, low, 0);
    if (count > 1) v128.store32_lane(y + plane, low, 2);
    if (count > 2) v128.store32_lane(y + (plane << 1), high, 0);
    if (count > 3) v128.store32_lane(y + plane * 3, high, 2);
  }
}
