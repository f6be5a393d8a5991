import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_BLOCKSIZE, DEFAULT_CLEVEL } from '../../dist/raster/codec.js';
import { checkEqual, readChunk } from '../agreement.mjs';
import { takeTurns, withContenders } from '../contenders/rounds.mjs';
import { drawBand } from '../inputs/pixels.mjs';
import { KERNELS, NAMES, record, startKernel, startOriginal } from './setting.mjs';

const blosc = (cname, clevel) => ({ name: 'blosc', cname, clevel });
/** What new cubes get. */
const DEFAULT = { ...blosc('zstd', DEFAULT_CLEVEL), blocksize: DEFAULT_BLOCKSIZE };
const CODECS = [
  DEFAULT,
  blosc('zstd', 1),
  blosc('zstd', 5),
  blosc('zstd', 9),
  blosc('lz4', 5),
  { name: 'gzip', level: 1 },
  { name: 'gzip', level: 6 },
];

/** One band to one chunk, by codec; the size beside the time. */
export async function run(setting) {
  const { sizes, seed, hasBlosc, folder } = setting;
  const contenders = KERNELS.map((kernel) => ({ ...startKernel(kernel, 1), name: NAMES[kernel] }));
  if (setting.python !== undefined)
    contenders.push({ ...startOriginal(setting), name: "numcodecs' Python" });
  return withContenders(contenders, async () => {
    const cases = [];
    for (const dtype of ['uint8', 'float32']) {
      const side = sizes.encode[dtype];
      const pixels = drawBand(side, side, dtype, seed);
      const path = join(folder, dtype);
      writeFileSync(path, pixels);
      for (const codec of CODECS) {
        if (codec.name === 'blosc' && !hasBlosc) continue;
        cases.push(await runCase(contenders, { path, pixels, dtype, side }, codec, setting));
      }
    }
    return { cases };
  });
}

async function runCase(
  contenders,
  { path, pixels, dtype, side },
  settings,
  { folder, sizes, say },
) {
  const codec = { ...settings, ...(settings.name === 'blosc' ? shuffleFor(dtype) : {}) };
  const label =
    codec.name === 'blosc'
      ? `Blosc ${codec.cname} ${codec.clevel}${settings === DEFAULT ? ' (default, 1 MiB blocks)' : ''}`
      : `gzip ${codec.level}`;
  say(`${dtype}, ${label}`);
  const shape = [side, side];
  const isSlow = codec.clevel === 9 || codec.level === 6;
  const entries = contenders.map((contender) => ({
    contender,
    measure: (keep) =>
      contender.ask('encode', {
        path,
        dtype,
        shape,
        codec,
        ...(keep === undefined ? {} : { keep }),
      }),
  }));
  for (const { contender, measure } of entries) {
    const keep = join(folder, contender.kernel);
    await measure(keep);
    checkEqual(
      contender.name,
      await readChunk(`${keep}-0`, { dtype, chunk: shape, codec }),
      pixels,
    );
  }
  const turns = await takeTurns(entries, {
    rounds: isSlow ? sizes.slowRounds : sizes.rounds,
    warmUps: isSlow ? 0 : 1,
  });
  return {
    ...{
      dtype,
      codec: label,
      shape,
      rawBytes: pixels.byteLength,
      clevel: codec.clevel ?? null,
      isDefault: settings === DEFAULT,
    },
    // Memory of a process that encodes everything in turn says nothing of one codec.
    contenders: contenders.map((contender, i) => record(contender, { samples: turns[i].samples })),
  };
}

function shuffleFor(dtype) {
  return dtype === 'uint8'
    ? { shuffle: 'bitshuffle', typesize: 1 }
    : { shuffle: 'shuffle', typesize: 4 };
}
