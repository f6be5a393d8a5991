import { parseArgs } from 'node:util';

/** In the order they run and are reported; what is measured together, and has a page of its own. */
export const PARTS = {
  /** Kernels, and what they are used for within a process. */
  kernels: [
    ...['whole-tile', 'decode', 'warp', 'fill', 'encode', 'scaling', 'ingest', 'memory', 'load'],
    'codecs',
  ],
  /** Whole commands, from their start to their end. */
  commands: ['start-up', 'save', 'import', 'load-like', 'end-to-end'],
};

export const TASKS = Object.values(PARTS).flat();

/**
 * @typedef {object} Sizes sides in pixels
 * @property {number} rounds
 * @property {number} slowRounds of what takes minutes
 * @property {number} warmUps of a whole tile: until what is run is compiled, which small tiles take more of
 * @property {boolean} landsat whether the real scene is among the tiles
 */

/** @type {{ full: Sizes, quick: Sizes }} */
export const SIZES = {
  full: {
    rounds: 3,
    slowRounds: 2,
    warmUps: 1,
    landsat: true,
    wholeTile: 3600,
    decode: 3600,
    warp: { side: 2048, metres: 8 },
    fill: 2048,
    encode: { uint8: 3600, float32: 1800 },
    scaling: { side: 3600, inputs: 4, tiles: { gdal: 16, js: 8 }, rounds: 5 },
    ingest: { side: 1024, rows: 4, cols: 5, latencies: [0, 100, 500] },
    memory: { side: 2048, rows: 10, cols: 20 },
    load: { side: 2048, rows: 9, cols: 9 },
    startUp: { side: 3600, rounds: 9 },
    save: { side: 3600, rows: 2, rounds: 3 },
    warps: {
      side: 6000,
      chunk: 2048,
      rounds: { near: 3, bilinear: 2 },
      slow: { exact: 2, odc: 1 },
    },
    endToEnd: [
      { chunk: 1024, tiles: [2, 2], latencies: [200, 500], rounds: 2 },
      { chunk: 3600, tiles: [1, 1], latencies: [200], rounds: 1 },
    ],
  },
  quick: {
    rounds: 3,
    slowRounds: 1,
    warmUps: 15,
    landsat: false,
    wholeTile: 1024,
    decode: 1024,
    warp: { side: 512, metres: 8 },
    fill: 512,
    encode: { uint8: 1024, float32: 512 },
    scaling: { side: 1024, inputs: 4, tiles: { gdal: 16, js: 8 }, rounds: 3 },
    ingest: { side: 512, rows: 4, cols: 4, latencies: [0, 100] },
    memory: { side: 1024, rows: 4, cols: 8 },
    load: { side: 1024, rows: 4, cols: 4 },
    startUp: { side: 3600, rounds: 5 },
    save: { side: 1024, rows: 2, rounds: 3 },
    warps: { side: 1500, chunk: 512, rounds: { near: 1, bilinear: 1 }, slow: { exact: 1, odc: 1 } },
    endToEnd: [{ chunk: 512, tiles: [2, 2], latencies: [200], rounds: 1 }],
  },
};

export const USAGE = `Usage: npm run bench -- [options]
  --quick        smaller inputs, fewer rounds: under three minutes on two cores
  --part PART    one of the two parts, each with a page: ${Object.keys(PARTS).join(', ')}
  --only TASK    one task, or several with commas: ${TASKS.join(', ')}
  --no-python    leave the Python original out
  --threads N    the most threads of a pool (default: the cores this process may use)
  --seed N       of the synthetic pixels (default: 1)
  --report       only write the page anew from the results that are there
Results of --quick and --only go to native-bench/results/partial/, which git ignores.
`;

/** Raised when the command was called wrongly. */
export class UsageError extends Error {
  name = 'UsageError';
}

/**
 * @param {readonly string[]} args
 * @param {number} cores
 * @throws {UsageError}
 */
export function readOptions(args, cores) {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean', default: false },
        part: { type: 'string' },
        only: { type: 'string', multiple: true, default: [] },
        'no-python': { type: 'boolean', default: false },
        threads: { type: 'string', default: String(cores) },
        seed: { type: 'string', default: '1' },
        report: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }));
  } catch (cause) {
    throw new UsageError(`Expected known options but received: ${cause.message}`);
  }
  const only = values.only.flatMap((names) => names.split(','));
  const unknown = only.find((name) => !TASKS.includes(name));
  if (unknown !== undefined)
    throw new UsageError(
      `Expected one of ${TASKS.join(', ')} for --only but received "${unknown}".`,
    );
  if (values.part !== undefined && !Object.hasOwn(PARTS, values.part))
    throw new UsageError(
      `Expected one of ${Object.keys(PARTS).join(', ')} for --part but received "${values.part}".`,
    );
  const parts = values.part === undefined ? Object.keys(PARTS) : [values.part];
  const wanted = parts.flatMap((part) => PARTS[part]);
  return {
    mode: values.quick ? 'quick' : 'full',
    parts,
    tasks: only.length === 0 ? wanted : wanted.filter((name) => only.includes(name)),
    isPartial: values.quick || only.length > 0,
    usePython: !values['no-python'],
    threads: wholeNumber(values.threads, '--threads', 1, 256),
    seed: wholeNumber(values.seed, '--seed', 0, 2 ** 30),
    reportOnly: values.report,
    help: values.help,
  };
}

function wholeNumber(text, name, low, high) {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw new UsageError(
    `Expected a whole number from ${low} to ${high} for ${name} but received "${text}".`,
  );
}
