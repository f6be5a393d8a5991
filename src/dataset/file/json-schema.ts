import { z } from 'zod';
import { SOURCES } from '../dataset.js';
import { datasetFile } from './dataset-file.js';

/** Fields of which one group must be there, to say a grid. */
const GRIDS = [
  ['crs', 'bounds', 'resolution'],
  ['crs', 'bounds', 'shape'],
  ['crs', 'transform', 'shape'],
  ['like'],
];

/**
 * The JSON Schema (draft 2020-12) of dataset files, made from the schema that reads them.
 *
 * It says all that can be said of a field by itself, and which fields exclude one another. That an
 * expression hangs together, fields of a grid agree, a dtype can hold a nodata code, or time steps follow one another, is
 * checked by `parseDataset` alone.
 */
export function datasetJsonSchema(): object {
  const schema = z.toJSONSchema(datasetFile, { io: 'input', target: 'draft-2020-12' });
  const properties = schema.properties as Record<string, object>;
  return {
    ...schema,
    properties: {
      ...properties,
      grid: { ...properties.grid, anyOf: GRIDS.map((required) => ({ required })) },
    },
    title: 'Dataset of smart-geocubes-native',
    description: 'The recipe of a datacube, for "geocubes create --dataset file.json".',
    oneOf: Object.keys(SOURCES).map((name) => ({ required: [name] })),
    dependentSchemas: {
      time: {
        anyOf: Object.entries(SOURCES)
          .filter(([, { hasTime }]) => hasTime)
          .map(([name]) => ({ required: [name] })),
      },
    },
  };
}
