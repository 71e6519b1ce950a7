/** Matrix products over the cells of a map, as the networks of `mesascope.learned` make them. */

/** Weights in the layout of NumPy: `rows` by `columns`, row after row. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array;
}

/** Offsets of the cells whose channels stand one after another: the cell itself, then up, down, left, right. */
export const FIVE: readonly (readonly [number, number])[] = [[0, 0], [-1, 0], [1, 0], [0, -1], [0, 1]];

/** The cells of a square window, row by row. */
export function square(radius: number): [number, number][] {
  const side = Array.from({ length: 2 * radius + 1 }, (_, i) => i - radius);
  return side.flatMap((row) => side.map((column): [number, number] => [row, column]));
}

/**
 * For each cell, the channels of the cells around it times `weights`, plus `bias`: cell after cell. Beyond the edge is zero.
 * Sums are made in double precision.
 */
export function around(
  field: Float32Array,
  height: number,
  width: number,
  offsets: readonly (readonly [number, number])[],
  weights: Matrix,
  bias: Float32Array | null,
): Float64Array {
  const { rows, columns } = weights;
  const channels = rows / offsets.length;
  const across = transposed(weights);
  const result = new Float64Array(height * width * columns);
  const seen = new Float64Array(rows);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      seen.fill(0);
      for (let part = 0; part < offsets.length; part++) {
        const r = row + offsets[part][0];
        const c = column + offsets[part][1];
        if (r < 0 || c < 0 || r >= height || c >= width) continue;
        const from = (r * width + c) * channels;
        for (let channel = 0; channel < channels; channel++) seen[part * channels + channel] = field[from + channel];
      }
      const to = (row * width + column) * columns;
      // Four columns at a time: their sums stay in registers.
      for (let k = 0; k < columns; k += 4) {
        let [a, b, c, d] = [0, 0, 0, 0];
        for (let i = 0, at = k * rows; i < rows; i++, at += 4) {
          const value = seen[i];
          a += value * across[at];
          b += value * across[at + 1];
          c += value * across[at + 2];
          d += value * across[at + 3];
        }
        result[to + k] = a;
        if (k + 1 < columns) result[to + k + 1] = b;
        if (k + 2 < columns) result[to + k + 2] = c;
        if (k + 3 < columns) result[to + k + 3] = d;
      }
      if (bias) for (let k = 0; k < columns; k++) result[to + k] += bias[k];
    }
  return result;
}

const made = new WeakMap<Float32Array, Float64Array>();

/** Weights in groups of four columns, each group row after row; what is missing in the last group is zero. */
function transposed({ rows, columns, data }: Matrix): Float64Array {
  let found = made.get(data);
  if (!found) {
    found = new Float64Array(rows * 4 * Math.ceil(columns / 4));
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++)
        found[(column - (column % 4)) * rows + 4 * row + (column % 4)] = data[row * columns + column];
    made.set(data, found);
  }
  return found;
}

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
