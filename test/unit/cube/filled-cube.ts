import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cube } from '../../../src/cube/cube.js';
import { chooseCodec } from '../../../src/cube/fill/recipe.js';
import { type Dataset, fillValueOf } from '../../../src/dataset/dataset.js';
import type { DatasetFile } from '../../../src/dataset/file/dataset-file.js';
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

/** A cube on disk whose pixels are what `valueAt` says, in rows and columns of the grid; some tiles left out. */
export async function filledCube(
  file: DatasetFile,
  valueAt: (band: number, row: number, col: number) => number,
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
  for (let row = 0; row < grid.rows; row++) {
    for (let col = 0; col < grid.cols; col++) {
      if (!isLoaded({ row, col })) continue;
      for (const [band, { name }] of dataset.bands.entries()) {
        const pixels = allocate(dataset.dtype, height * width).fill(fillValueOf(dataset));
        for (let y = 0; y < height && row * height + y < grid.geobox.height; y++)
          for (let x = 0; x < width && col * width + x < grid.geobox.width; x++)
            pixels[y * width + x] = valueAt(band, row * height + y, col * width + x);
        const bytes = await pool.encode(
          { dtype: dataset.dtype, shape: [height, width], bytes: asBytes(pixels) },
          used,
        );
        await session.store.set(`${name}/c/${row}/${col}`, Buffer.from(bytes));
      }
      await ledger.set({ row, col }, TileState.loaded);
    }
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
