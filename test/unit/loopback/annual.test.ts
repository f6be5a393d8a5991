import { expect, test } from 'vitest';
import { requestExpression } from '../../../src/earth-engine/expressions/expression.js';
import { parseCrs } from '../../../src/grid/crs/crs.js';
import { GeoBox } from '../../../src/grid/geobox.js';
import { Catalogue } from '../../../src/loopback/assets/catalogue.js';
import { evaluate } from '../../../src/loopback/expression/evaluate.js';
import { Frame, type Image } from '../../../src/loopback/image/image.js';
import { builtInAssets } from '../../../src/loopback/tcvis/asset.js';

const catalogue = new Catalogue(builtInAssets());

/** 40 x 30 pixels of land and sea at the Lena delta. */
const frame = () =>
  new Frame(
    new GeoBox(parseCrs('EPSG:4326'), { height: 30, width: 40 }, [0.05, 0, 126, 0, -0.05, 73.5]),
  );

const year = (first: number, count = 1) => ({
  start: Date.UTC(first, 0, 1),
  end: Date.UTC(first + count, 0, 1),
});

function imageOf(id: string, bands: readonly string[], time = year(2019)): Image {
  const source = { kind: 'collection', id } as const;
  const dataset = { source, bands: bands.map((name) => ({ name })), dtype: 'uint8' } as const;
  const all = bands.map((_, band) => band);
  return evaluate(requestExpression(dataset, all, { kind: 'file' }, time), catalogue) as Image;
}

/** The pixels of an image's bands, one after the other. */
function pixelsOf(image: Image): number[] {
  const at = frame();
  return image.bands.flatMap(({ source }) => [...(at.planeOf(source).pixels as Uint8Array)]);
}

const ANNUAL = 'projects/geocubes/assets/demo_annual';
const BANDS = ['TCB_slope', 'TCG_slope', 'TCW_slope'];

test('each year has pixels of its own, the same each time', () => {
  const years = [2017, 2018, 2024, 2025].map((first) =>
    pixelsOf(imageOf(ANNUAL, BANDS, year(first))),
  );
  for (const [i, one] of years.entries())
    for (const other of years.slice(i + 1)) expect(one).not.toEqual(other);
  expect(pixelsOf(imageOf(ANNUAL, BANDS, year(2024)))).toEqual(years[2]);
});

test('a range of dates holds its start and not its end', () => {
  const only2019 = pixelsOf(imageOf(ANNUAL, BANDS));
  const { start } = year(2019);
  expect(pixelsOf(imageOf(ANNUAL, BANDS, { start, end: start + 1 }))).toEqual(only2019);
  // The last image is on top of a mosaic, and leaves nothing of the others: all have the same mask.
  expect(pixelsOf(imageOf(ANNUAL, BANDS, year(2018, 2)))).toEqual(only2019);
  expect(() => imageOf(ANNUAL, BANDS, { start: start + 1, end: year(2020).start })).toThrow(
    "Band pattern 'TCB_slope' was applied to an Image with no bands.",
  );
});

test('the years before and after have no image', () => {
  for (const first of [2016, 2026])
    expect(() => imageOf(ANNUAL, BANDS, year(first))).toThrow('with no bands');
});

test('the embeddings are 64 bands of floats from -1 to 1, masked where the picture is', () => {
  const bands = Array.from({ length: 64 }, (_, band) => `A${String(band).padStart(2, '0')}`);
  const image = evaluate(
    requestExpression(
      {
        source: { kind: 'collection', id: 'GOOGLE/SATELLITE_EMBEDDING/V1/ANNUAL' },
        bands: bands.map((name) => ({ name })),
        dtype: 'float32',
      },
      bands.map((_, band) => band),
      { kind: 'file' },
      year(2021),
    ),
    catalogue,
  ) as Image;
  expect(image.bands.map(({ name }) => name)).toEqual(bands);
  const at = frame();
  const planes = image.bands.map(({ source }) => at.planeOf(source));
  const seen = new Set(planes.map(({ pixels }) => (pixels as Float32Array).join()));
  expect(seen.size).toBeGreaterThan(32);
  for (const { pixels, mask } of planes) {
    const values = [...(pixels as Float32Array)];
    expect(values.every((value) => value >= -1 && value <= 1)).toBe(true);
    expect(values.every((value, i) => mask?.[i] === 1 || value === 0)).toBe(true);
    expect(new Set(values).size).toBeGreaterThan(10);
  }
});
