/** What the compiler tells a caller of bands, errors and events: each line below is checked by `tsc -p test`. */
import { describe, expect, expectTypeOf, test } from 'vitest';
import type { PixelsByType } from '../../../src/index.js';
import {
  Cube,
  createPool,
  defineDataset,
  GeocubesError,
  parseBoundingBox,
  presetDataset,
  StoreError,
} from '../../../src/index.js';

const GRID = {
  crs: 'EPSG:32633',
  bounds: [0, 0, 40, 40],
  resolution: 10,
  chunk: 2,
} as const;

const MIXED = defineDataset({
  title: 'Mixed',
  local: true,
  bands: ['height', { name: 'class', dtype: 'uint8' }],
  dtype: 'float32',
  grid: GRID,
});

describe('what the compiler knows of bands', () => {
  test('the names and types of a dataset that is defined in TypeScript narrow what is loaded', async () => {
    await using pool = createPool({ size: 0, kernel: 'js' });
    await using cube = await Cube.create('memory:types-mixed', MIXED, { pool });
    const { bands } = await cube.load(cube.grid.geobox, { pool });
    expectTypeOf(bands.get('height')).toEqualTypeOf<PixelsByType['float32']>();
    expectTypeOf(bands.get('class')).toEqualTypeOf<PixelsByType['uint8']>();
    expectTypeOf(cube.channels).toEqualTypeOf<('height' | 'class')[]>();
    expect(bands.get('height')).toBeInstanceOf(Float32Array);
    expect(bands.get('class')).toBeInstanceOf(Uint8Array);
    // @ts-expect-error there is no such band
    expect(bands.get('heigth')).toBeUndefined();
    const one = await cube.load(cube.grid.geobox, { pool, bands: ['class'] });
    // @ts-expect-error it was not asked for
    expect(one.bands.get('height')).toBeUndefined();
    expect(one.bands.get('class')).toHaveLength(16);
    const lazy = await cube.openDataset();
    const { pixels } = await lazy.bands.height.isel({ x: 0 }).read();
    expectTypeOf(pixels).toEqualTypeOf<PixelsByType['float32']>();
    expect(pixels).toHaveLength(4);
  });

  test('a preset has its bands, and a name that is known at run time alone has any', () => {
    const trend = presetDataset('TCTrend');
    type Trend = Cube<{ TCB_slope: 'uint8'; TCG_slope: 'uint8'; TCW_slope: 'uint8' }>;
    const create = () => Cube.create('memory:none', trend, { pool: createPool({ size: 0 }) });
    expectTypeOf(create).returns.resolves.toExtend<Trend>();
    expectTypeOf(create).returns.resolves.toExtend<Cube>();
    const named: string = 'demo';
    expect(presetDataset(named).bands.map(({ name }) => name)).toContain('TCB_slope');
    expect(presetDataset('AlphaEarth').bands.map(({ name }) => name)).toContain('A63');
  });

  test('of a cube whose dataset is not known a band may be absent', async () => {
    await using pool = createPool({ size: 0, kernel: 'js' });
    await Cube.create('memory:types-unknown', MIXED, { pool });
    const cube = await Cube.open('memory:types-unknown');
    const { bands } = await cube.load(cube.grid.geobox, { pool });
    // @ts-expect-error it may be undefined
    expect(bands.get('height').length).toBe(16);
    expect(bands.get('any')).toBeUndefined();
  });
});

test('the tag of an error tells its class to the compiler', () => {
  const fieldsOf = (error: unknown) => {
    if (!(error instanceof GeocubesError)) return 'none of ours';
    switch (error.tag) {
      case 'store':
        return error.kind;
      case 'raster':
        return error.stage;
      case 'earth-engine':
        return error.status;
      default:
        return error.tag;
    }
  };
  expect(fieldsOf(new StoreError('exists', 'there'))).toBe('exists');
  expect(fieldsOf(new Error('another'))).toBe('none of ours');
  expect(() => parseBoundingBox('x')).toThrow(GeocubesError);
});
