/** The public functions, each with what it takes. */

import { defineDataset as define } from '../cube/datasets/define-dataset.js';
import { describeDataset as describeAsset } from '../cube/datasets/describe-dataset.js';
import { readDataset as readNamedDataset } from '../cube/datasets/read-dataset.js';
import { ingestWithReport as ingestAndReport } from '../cube/fill/report.js';
import {
  readGeoBox as lookAtRaster,
  writeGeoTiff as writeRegion,
} from '../cube/read/raster-files.js';
import { earthEngine as openEarthEngine } from '../cube/sources/earth-engine.js';
import { earthEngineExpression as buildExpression } from '../cube/sources/expression.js';
import { parseDataset as parse } from '../dataset/parse.js';
import { presetDataset as preset } from '../dataset/presets.js';
import { parseToi as readToi } from '../dataset/toi.js';
import { toGeoTransform as geoTransform } from '../grid/affine.js';
import { parseCrs as readCrs } from '../grid/crs/crs.js';
import { planReprojection as planSteps } from '../grid/onto/reproject-plan.js';
import {
  parseBoundingBox as readBox,
  tilesOf as tiles,
  roiWindows as windows,
} from '../grid/roi.js';
import { localFiles as openFiles } from '../local/source.js';
import { readRoi as readVector } from '../local/vector-file.js';
import { logBenchmarkSummary as logTimes } from '../observe/stopwatch.js';
import { renderPng as toPng } from '../picture/png.js';
import { renderQuicklook as quicklook } from '../picture/quicklook.js';
import { drawStateMap as drawMap } from '../picture/state-map.js';
import { createPool as makePool } from '../pool/pool.js';
import { drawReport as drawPage } from '../report/page.js';
import { guarded } from './guard.js';

const ACCOUNT = {
  endpoint: 'text',
  project: 'text',
  token: 'text',
  tokenCommand: 'text',
  keyFile: 'text',
  insecureHttp: 'boolean',
  scopes: 'texts',
} as const;

/** @function */
export const createPool = guarded(makePool, 'createPool', {
  takes: [{ options: { size: 'whole', kernel: 'text' } }],
});
/** @function */
export const defineDataset = guarded(define, 'defineDataset', {
  takes: ['record', { options: { onSnap: 'function', ...ACCOUNT } }],
});
/** @function */
export const describeDataset = guarded(describeAsset, 'describeDataset', {
  takes: [
    'text',
    {
      options: {
        ...ACCOUNT,
        bands: 'list',
        crs: 'text',
        time: 'text',
        step: 'text',
        dtype: 'text',
        title: 'text',
      },
    },
  ],
});
/** @function */
export const parseDataset = guarded(parse, 'parseDataset', {
  takes: ['record', { options: { onSnap: 'function' } }],
});
/** @function */
export const drawReport = guarded(drawPage, 'drawReport', {
  takes: ['record', { options: { map: 'text' } }],
});
/** @function */
export const drawStateMap = guarded(drawMap, 'drawStateMap', {
  takes: [
    {
      options: {
        title: 'text!',
        grid: 'grid!',
        states: 'object!',
        widthPx: 'number',
        region: 'list',
        areas: 'record',
      },
      needed: true,
    },
  ],
});
/** @function */
export const earthEngine = guarded(openEarthEngine, 'earthEngine', {
  takes: [
    'dataset',
    {
      options: {
        ...ACCOUNT,
        limiter: 'record',
        quota: 'record',
        retry: 'record',
        workloadTag: 'text',
      },
    },
  ],
});
/** @function */
export const earthEngineExpression = guarded(buildExpression, 'earthEngineExpression', {
  takes: ['function', { options: ACCOUNT }],
});
/** @function */
export const ingestWithReport = guarded(ingestAndReport, 'ingestWithReport', {
  takes: [
    'cube',
    'object',
    { options: { source: 'source!', pool: 'pool!' }, needed: true },
    { options: { folder: 'text!', onWritten: 'function' }, needed: true },
  ],
});
/** @function */
export const localFiles = guarded(openFiles, 'localFiles', {
  takes: [
    'dataset',
    'texts',
    {
      options: {
        ...{ order: 'text', bands: 'list', resampling: 'text', trustInputs: 'boolean' },
        overviews: 'text',
      },
    },
  ],
});
/** @function */
export const logBenchmarkSummary = guarded(logTimes, 'logBenchmarkSummary', {
  takes: ['object', { options: { info: 'function!' }, needed: true }],
});
/** @function */
export const parseBoundingBox = guarded(readBox, 'parseBoundingBox', {
  takes: ['text', 'record?'],
});
/** @function */
export const parseCrs = guarded(readCrs, 'parseCrs', { takes: ['text'] });
/** @function */
export const parseToi = guarded(readToi, 'parseToi', { takes: ['text'] });
/** @function */
export const planReprojection = guarded(planSteps, 'planReprojection', {
  takes: ['geobox', 'geobox', { options: {} }],
});
/** @function */
export const presetDataset = guarded(preset, 'presetDataset', { takes: ['text'] });
/** @function */
export const readDataset = guarded(readNamedDataset, 'readDataset', {
  takes: [
    'text',
    {
      options: { pool: 'pool!', like: 'text', onSnap: 'function', trustInputs: 'boolean' },
      needed: true,
    },
  ],
});
/** @function */
export const readGeoBox = guarded(lookAtRaster, 'readGeoBox', {
  takes: ['text', { options: { pool: 'pool!', trustInputs: 'boolean' }, needed: true }],
});
/** @function */
export const readRoi = guarded(readVector, 'readRoi', {
  takes: ['text', { options: { where: 'text', layer: 'text', trustInputs: 'boolean' } }],
});
/** @function */
export const renderPng = guarded(toPng, 'renderPng', { takes: ['text'] });
/** @function */
export const renderQuicklook = guarded(quicklook, 'renderQuicklook', {
  takes: [
    {
      options: { width: 'count!', height: 'count!', bands: 'list!', nodata: 'anyNumber' },
      needed: true,
    },
  ],
});
/** @function */
export const roiWindows = guarded(windows, 'roiWindows', { takes: ['region', 'geobox'] });
/** @function */
export const tilesOf = guarded(tiles, 'tilesOf', { takes: ['region', 'grid'] });
/** @function */
export const toGeoTransform = guarded(geoTransform, 'toGeoTransform', { takes: ['six'] });
/** @function */
export const writeGeoTiff = guarded(writeRegion, 'writeGeoTiff', {
  takes: [
    { options: { geobox: 'geobox!', bands: 'object!', dtype: 'text!' }, needed: true },
    'text',
    {
      options: {
        pool: 'pool!',
        format: ['geotiff', 'cog'],
        creationOptions: 'texts',
        hasNodata: 'boolean',
        signal: 'signal',
      },
      needed: true,
    },
  ],
});
