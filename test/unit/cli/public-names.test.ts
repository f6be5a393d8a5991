import { expect, test } from 'vitest';
import * as library from '../../../src/index.js';

test('the library exports these values and no others', () => {
  expect(Object.keys(library).sort()).toEqual([
    'AbortedError',
    'AdaptiveLimiter',
    'Cube',
    'EarthEngineError',
    'GeoBox',
    'GeocubesError',
    'Grid',
    'HIGH_VOLUME_ENDPOINT',
    'InvalidInputError',
    'PRESET_NAMES',
    'RasterError',
    'STANDARD_ENDPOINT',
    'SetupError',
    'StoreError',
    'TileState',
    'UnexpectedError',
    'createPool',
    'drawStateMap',
    'earthEngine',
    'earthEngineExpression',
    'parseBoundingBox',
    'parseCrs',
    'parseDataset',
    'presetDataset',
    'readGeoBox',
    'renderPng',
    'renderQuicklook',
    'toGeoTransform',
    'writeGeoTiff',
  ]);
});
