/** Three rasters a month of 2024, and the recipe of their monthly medians as a function of the time step. */
import { join } from 'node:path';
import { loadGdal } from '../../dist/kernel/gdal/load.js';

const COLLECTION = 'users/interop/monthly';
const BANDS = ['red', 'nir'];
const WIDTH = 160;
const HEIGHT = 120;
const NODATA = 0;

/** What a function of an image within that of the step masks: bright pixels, as clouds would be. */
export const BRIGHT = 9000;

/** The first millisecond of a month belongs to it, and the last second does. */
const startsOf = (/** @type {number} */ month) => [
  Date.UTC(2024, month, 1),
  Date.UTC(2024, month, 15, 10, 20),
  Date.UTC(2024, month + 1, 1) - 1000,
];

const call = (functionName, args) => ({
  functionInvocationValue: { functionName, arguments: args },
});
const constant = (constantValue) => ({ constantValue });
const argument = (argumentReference) => ({ argumentReference });

/** As a client would write it: `collection.filterDate(start, end).map(mask).median()`. */
const EXPRESSION = {
  result: 'step',
  values: {
    step: { functionDefinitionValue: { argumentNames: ['start', 'end'], body: 'median' } },
    median: call('reduce.median', {
      collection: call('Collection.map', {
        collection: call('Collection.filter', {
          collection: call('ImageCollection.load', { id: constant(COLLECTION) }),
          filter: call('Filter.dateRangeContains', {
            leftValue: call('DateRange', { start: argument('start'), end: argument('end') }),
            rightField: constant('system:time_start'),
          }),
        }),
        baseAlgorithm: { functionDefinitionValue: { argumentNames: ['image'], body: 'masked' } },
      }),
    }),
    masked: call('Image.updateMask', {
      image: argument('image'),
      mask: call('Image.lt', {
        image1: argument('image'),
        image2: call('Image.constant', { value: constant(BRIGHT) }),
      }),
    }),
  },
};

/**
 * Writes the rasters.
 * @returns {{ asset: object, dataset: object, scenes: string[][] }} the asset for the manifest; the dataset; of each month its files
 */
export function writeMonthlyScenes(/** @type {string} */ folder) {
  const images = [];
  const scenes = [];
  const random = numbers(28);
  for (let month = 0; month < 12; month++) {
    const files = startsOf(month).map((time, i) => {
      const file = `monthly-${month + 1}-${i}.tif`;
      writeRaster(join(folder, file), random);
      images.push({ file, bands: BANDS, start: new Date(time).toISOString() });
      return file;
    });
    scenes.push(files.map((file) => join(folder, file)));
  }
  return {
    asset: { id: COLLECTION, type: 'IMAGE_COLLECTION', images },
    dataset: {
      title: 'Interop monthly',
      expression: EXPRESSION,
      bands: BANDS,
      dtype: 'float32',
      grid: {
        crs: 'EPSG:32633',
        bounds: [499_980, 5_698_800, 501_580, 5_700_000],
        resolution: 10,
        chunk: 64,
      },
      time: { start: '2024-01', step: '1 month', count: 12 },
    },
    scenes,
  };
}

function writeRaster(path, random) {
  const gdal = loadGdal();
  const dataset = gdal.drivers.get('GTiff').create(path, WIDTH, HEIGHT, BANDS.length, 'UInt16', []);
  dataset.geoTransform = [499_980, 10, 0, 5_700_000, 0, -10];
  dataset.srs = gdal.SpatialReference.fromUserInput('EPSG:32633');
  for (let i = 1; i <= BANDS.length; i++) {
    const band = dataset.bands.get(i);
    band.noDataValue = NODATA;
    band.pixels.write(0, 0, WIDTH, HEIGHT, pixelsOf(random));
  }
  dataset.close();
}

/** A fifth of the pixels is masked, a tenth is bright, and one block is masked in all of them. */
function pixelsOf(random) {
  return Uint16Array.from({ length: WIDTH * HEIGHT }, (_, i) => {
    const value = 1 + (random.next().value % 9999);
    const isMasked = random.next().value % 5 === 0;
    return isMasked || (i < 20 * WIDTH && i % WIDTH < 30) ? NODATA : value;
  });
}

/** Numbers from 0 to 2^32, the same each time. */
function* numbers(/** @type {number} */ seed) {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield Math.imul(state ^ (state >>> 16), 0x45d9f3b) >>> 0;
  }
}
