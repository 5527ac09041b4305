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
  const row = <usize>iw << 2;
  const border = <usize>pad << 2;
  const wide = row + (border << 1);
  memory.fill(out, 0, <usize>(ic * (ih + 2 * pad)) * wide);
  for (let c = 0; c < ic; c++) {
    let to = out + <usize>pad * wide + border;
    for (let y = 0; y < ih; y++, x += row, to += wide) memory.copy(to, x, row);
    out += <usize>(ih + 2 * pad) * wide;
  }
}

/** out[o / 2][tap][o % 2] = w[o, tap], o < oc; of an odd number the last stands alone, tap by tap. */
export function pairChannels(w: usize, out: usize, oc: i32, taps: i32): void {
  const row = <usize>taps << 2;
  let o = 0;
  for (; o + 2 <= oc; o += 2, w += row << 1)
    for (let tap: usize = 0; tap < row; tap += 4, out += 8) {
      store<f32>(out, load<f32>(w + tap));
      store<f32>(out, load<f32>(w + row + tap), 4);
    }
  if (o < oc) memory.copy(out, w, row);
}

/** out[o / 16][tap][o % 16] = w[o, tap], o < oc, taps `width(oc)` wide, filled up with zeros. */
export function groupChannels(w: usize, out: usize, oc: i32, taps: i32): void {
  const row = <usize>taps << 2;
  for (let o = 0; o < oc; o += 16) {
    const columns = min(16, oc - o);
    for (let j = 0; j < 16; j++) {
      let to = out + (<usize>j << 2);
      if (j < columns) for (let tap = 0; tap < taps; tap++, w += 4, to += 64) store<f32>(to, load<f32>(w));
      else for (let tap = 0; tap < taps; tap++, to += 64) store<f32>(to, 0);
    }
    out += row << 4;
  }
}
