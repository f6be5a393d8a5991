import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cube } from '../../../src/cube/cube.js';
import { chooseCodec } from '../../../src/cube/fill/recipe.js';
import { typedForName } from '../../../src/dataset/band-types.js';
import { type Dataset, fillValueOf } from '../../../src/dataset/dataset.js';
import type { DatasetFile } from '../../../src/dataset/file/dataset-file.js';
import { arrayCodecOf } from '../../../src/dataset/grid/inner-chunk.js';
import { parseDataset } from '../../../src/dataset/parse.js';
import type { TileIndex } from '../../../src/grid/tiling.js';
import { createPool } from '../../../src/pool/pool.js';
import type { Codec } from '../../../src/raster/codec.js';
import { allocate, asBytes } from '../../../src/raster/dtype.js';
import { metadataOf } from '../../../src/store/metadata/zarr-metadata.js';
import { Repository } from '../../../src/store/repository.js';
import { parseStorage } from '../../../src/store/storage-url.js';
import { Ledger, TileState } from '../../../src/store/tiles/ledger.js';

export interface FilledCube {
  readonly cube: Cube;
  readonly path: string;
  remove(): void;
}

/** A cube on disk whose pixels are what `valueAt` says, in rows and columns of the grid and its steps; some tiles left out. */
export async function filledCube(
  file: DatasetFile,
  valueAt: (band: number, row: number, col: number, t: number) => number,
  {
    isLoaded = () => true,
    codec,
    name: folderName = 'cube',
  }: { isLoaded?: (index: TileIndex) => boolean; codec?: Codec; name?: string } = {},
): Promise<FilledCube> {
  const dataset = parseDataset(file);
  const folder = mkdtempSync(join(tmpdir(), 'geocubes-load-'));
  const path = join(folder, folderName);
  const pool = createPool({ size: 0 });
  const cube = await Cube.create(path, dataset, { pool });
  const repository = await Repository.open(parseStorage(path));
  const session = await repository.writeSession();
  const ledger = new Ledger(session.store);
  if (codec !== undefined) await declareCodec(session.store, dataset, codec);
  const used = codec ?? chooseCodec(dataset, (await pool.ready()).hasBlosc);
  const { grid } = cube;
  const { height, width } = grid.chunk;
  const steps = cube.timeAxis === undefined ? [undefined] : cube.timeAxis.steps;
  const tiles = steps.flatMap((step) =>
    Array.from({ length: grid.rows * grid.cols }, (_, i) => ({
      ...(step === undefined ? {} : { t: step.index }),
      row: Math.floor(i / grid.cols),
      col: i % grid.cols,
    })),
  );
  for (const index of tiles) {
    if (!isLoaded(index)) continue;
    const { t, row, col } = index;
    for (const [band, { name }] of dataset.bands.entries()) {
      const typed = typedForName(dataset, name);
      const { dtype } = typed;
      const pixels = allocate(dtype, height * width).fill(fillValueOf(typed));
      for (let y = 0; y < height && row * height + y < grid.geobox.height; y++)
        for (let x = 0; x < width && col * width + x < grid.geobox.width; x++)
          pixels[y * width + x] = valueAt(band, row * height + y, col * width + x, t ?? 0);
      const bytes = await pool.encode(
        { dtype, shape: [height, width], bytes: asBytes(pixels) },
        arrayCodecOf(typed, used),
      );
      const place = [...(t === undefined ? [] : [t]), row, col].join('/');
      await session.store.set(`${name}/c/${place}`, Buffer.from(bytes));
    }
    await ledger.set(index, TileState.loaded);
  }
  await ledger.flush();
  await repository.commit(session, 'fill', async () => {});
  await pool.close();
  return { cube, path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Another program may have chosen another codec. */
async function declareCodec(
  store: { set(key: string, value: Buffer): Promise<void> },
  dataset: Dataset,
  codec: Codec,
) {
  const documents = metadataOf(dataset, codec, { name: 'uncompressed' });
  for (const { name } of dataset.bands)
    await store.set(
      `${name}/zarr.json`,
      Buffer.from(JSON.stringify(documents.get(`${name}/zarr.json`))),
    );
}
