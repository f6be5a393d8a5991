import { mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { expected } from '../../errors.js';
import type { Roi } from '../../grid/roi.js';
import { intersect } from '../../grid/window.js';
import { localPath } from '../../machine/local-path.js';
import type { Pool } from '../../pool/pool.js';
import { type Codec, codecFor } from '../../raster/codec.js';
import { allocate, asBytes } from '../../raster/dtype.js';
import { CUBE_RECORD_PATH, chunkKey, metadataOf } from '../../store/metadata/zarr-metadata.js';
import { coordinateChunks } from '../coordinate-chunks.js';
import { chooseCodec, coordinateCodec } from '../fill/recipe.js';
import type { CubeView } from '../read/load.js';
import { allDone } from '../read/read-raster.js';
import type { SavedRegion } from '../read/save-geotiff.js';
import { naming, replaceFile } from '../read/work-folder.js';
import { type ArrayPiece, prepareExport, type SaveArraysOptions } from './array-export.js';

/** As `Cube.saveZarr`. */
export async function saveZarr(
  view: CubeView,
  roi: Roi,
  folder: string,
  options: SaveArraysOptions,
): Promise<SavedRegion> {
  const { pool, signal } = options;
  const place = resolve(localPath(folder, 'the Zarr directory to write'));
  await checkReplaceable(place);
  const { dataset, saved, pieces } = await prepareExport(view, roi, options);
  const { hasBlosc } = await pool.ready('chunks');
  const codec = chooseCodec(dataset, hasBlosc);
  const ofCoordinates = coordinateCodec(hasBlosc);
  const [rows, cols] = dataset.grid.chunk;
  const make = async (path: string) => {
    const put = async (key: string, content: Uint8Array | string) => {
      const file = join(path, key);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
    };
    // Of a cube to be filled; this is none.
    for (const [key, document] of metadataOf(dataset, codec, ofCoordinates))
      if (!key.startsWith(`${CUBE_RECORD_PATH}/`))
        await put(key, JSON.stringify(key === 'zarr.json' ? plain(document) : document, null, 2));
    for (const [key, bytes] of await coordinateChunks(dataset, pool, ofCoordinates))
      await put(key, bytes);
    for await (const piece of pieces()) await writeChunks(piece, { rows, cols, codec, pool, put });
  };
  await replaceFile(place, (path) => naming(place, () => make(path)), signal);
  return saved;
}

/** @throws {InvalidInputError} for what is no export of this kind: a cube, or anything else. */
export async function checkReplaceable(folder: string): Promise<void> {
  const isThere = (name: string) =>
    stat(join(folder, name)).then(
      () => true,
      () => false,
    );
  if (!(await isThere(''))) return;
  const isCube = (await isThere(CUBE_RECORD_PATH)) || (await isThere('.geocubes'));
  if (!isCube && (await isThere('zarr.json'))) return;
  throw expected(
    'a new place, or a Zarr directory that may be replaced',
    'the Zarr directory to write',
    `${folder} (${isCube ? 'a cube' : 'something else'})`,
  );
}

function plain({ attributes, ...rest }: Readonly<Record<string, unknown>>) {
  const { loaded_patches: _, ...others } = attributes as Record<string, unknown>;
  return { ...rest, attributes: others };
}

interface ChunkWriter {
  readonly rows: number;
  readonly cols: number;
  readonly codec: Codec;
  readonly pool: Pool;
  put(key: string, content: Uint8Array): Promise<void>;
}

async function writeChunks(
  { name, dtype, fillValue, t, window, pixels }: ArrayPiece,
  { rows, cols, codec, pool, put }: ChunkWriter,
): Promise<void> {
  const jobs: { readonly row: number; readonly col: number }[] = [];
  for (let row = window.row / rows; row * rows < window.row + window.height; row++)
    for (let col = window.col / cols; col * cols < window.col + window.width; col++)
      jobs.push({ row, col });
  const queue = jobs.values();
  const lane = async () => {
    for (const { row, col } of queue) {
      // Chunks at the end of an array are whole too.
      const chunk = allocate(dtype, rows * cols).fill(fillValue);
      const inside = intersect(window, {
        row: row * rows,
        col: col * cols,
        height: rows,
        width: cols,
      });
      const { height = 0, width = 0 } = inside ?? {};
      for (let y = 0; y < height; y++) {
        const start = (row * rows + y - window.row) * window.width + col * cols - window.col;
        chunk.set(pixels.subarray(start, start + width) as never, y * cols);
      }
      if (chunk.every((value) => Object.is(value, fillValue))) continue;
      const array = { dtype, shape: [rows, cols], bytes: asBytes(chunk) } as const;
      const index = { row, col, ...(t === undefined ? {} : { t }) };
      await put(chunkKey(name, index), await pool.encode(array, codecFor(codec, dtype)));
    }
  };
  // Also of a write that fails: what lies in the folder goes when nobody writes there any more.
  await allDone(Array.from({ length: pool.size + 1 }, lane));
}
