import { expect, test } from 'vitest';
import { regionIn, regionOf } from '../../../../src/cli/options/region.js';
import { InvalidInputError } from '../../../../src/errors.js';

const bboxCrs = 'EPSG:4326';

test('a region is read in its CRS, and a wrong CRS or box is refused', async () => {
  expect(await regionOf({ bbox: '1,2,3,4', bboxCrs: 'EPSG:3413' })).toMatchObject({
    west: 1,
    north: 4,
    crs: { epsg: 3413 },
  });
  await expect(regionOf({ bbox: '1,2,3', bboxCrs })).rejects.toThrow(InvalidInputError);
  await expect(regionOf({ bbox: '1,2,3,4', bboxCrs: 'EPSG:0' })).rejects.toThrow(InvalidInputError);
});

test('no region is none where one may be left out, and refused where one is needed', async () => {
  expect(await regionIn({ bboxCrs })).toBeUndefined();
  await expect(regionOf({ bboxCrs })).rejects.toThrow(
    'Expected a region for --bbox or --roi but received "neither".',
  );
});

test('a filter or a layer without a file of features is refused', async () => {
  await expect(regionIn({ bbox: '1,2,3,4', bboxCrs, where: 'a = 1' })).rejects.toThrow('--where');
  await expect(regionIn({ bboxCrs, layer: 'basins' })).rejects.toThrow('--layer');
});
