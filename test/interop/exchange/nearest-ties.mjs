/**
 * Both programs fill a gap with the value of its nearest valid pixel within the tile; where several are
 * equally near, either may choose any of them. This tells such ties from real differences.
 */

/**
 * @param {{ width: number, height: number, chunk: number }} grid
 * @param {ArrayLike<number>} raw one band, NaN where masked
 * @param {ArrayLike<number>} one the band as one program filled it
 * @param {ArrayLike<number>} other
 * @returns {{ filled: number, ties: number, wrong: string[] }} `ties`: pixels that differ, where each program has the
 *   value of one of the nearest valid pixels; `wrong`: pixels that differ otherwise, or are not what was valid
 */
export function compareFilled({ width, height, chunk }, raw, one, other) {
  let filled = 0;
  let ties = 0;
  const wrong = [];
  for (let row = 0; row < height; row++) {
    for (let col = 0; col < width; col++) {
      const at = row * width + col;
      const [a, b] = [one[at], other[at]];
      if (!Number.isNaN(raw[at])) {
        if (a !== raw[at] || b !== raw[at]) wrong.push(`valid ${row},${col}: ${raw[at]} ${a} ${b}`);
        continue;
      }
      filled++;
      if (a === b) continue;
      const nearest = nearestValues({ width, height, chunk }, raw, row, col);
      if (nearest.has(a) && nearest.has(b)) ties++;
      else wrong.push(`filled ${row},${col}: ${a} ${b}, nearest ${[...nearest]}`);
    }
  }
  return { filled, ties, wrong };
}

/** Values of all valid pixels of the tile at the least distance. */
function nearestValues({ width, height, chunk }, raw, row, col) {
  const top = Math.floor(row / chunk) * chunk;
  const left = Math.floor(col / chunk) * chunk;
  let least = Number.POSITIVE_INFINITY;
  let values = new Set();
  for (let y = top; y < Math.min(top + chunk, height); y++) {
    for (let x = left; x < Math.min(left + chunk, width); x++) {
      const value = raw[y * width + x];
      if (Number.isNaN(value)) continue;
      const distance = (y - row) ** 2 + (x - col) ** 2;
      if (distance < least) [least, values] = [distance, new Set()];
      if (distance === least) values.add(value);
    }
  }
  return values;
}
