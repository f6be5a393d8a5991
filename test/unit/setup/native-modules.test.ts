import { expect, test } from 'vitest';
import { gdalFacts } from '../../../src/kernel/gdal/facts.js';
import { icechunkStatus, loadIcechunk } from '../../../src/store/icechunk/load.js';

test('GDAL tells its version and has the drivers the kernel works with', () => {
  const facts = gdalFacts();
  expect(facts.version).toMatch(/^\d+\.\d+\.\d+/);
  expect(facts.drivers).toEqual({ GTiff: true, Zarr: true });
  // An encoder is either a compressor of the Zarr driver or it is not offered.
  expect(facts.zarrCompressors.includes('blosc')).toBe(facts.bloscCompressors.length > 0);
});

test('Icechunk loads on this system, once, and works', async () => {
  const icechunk = await loadIcechunk();
  expect(await loadIcechunk()).toBe(icechunk);
  const repository = await icechunk.Repository.create(await icechunk.Storage.newInMemory());
  expect(await repository.listBranches()).toEqual(['main']);
  expect((await icechunkStatus()).version).toMatch(/^\d+\.\d+\.\d+/);
});
