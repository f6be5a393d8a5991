/**
 * Writes src/dataset/dataset.schema.json, the JSON Schema of dataset files, from the schema that reads
 * them (compiled: `npx tsc -p .` first). A test says whether it is current.
 *
 *   npx tsc -p . && node scripts/write-dataset-schema.mjs
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { datasetJsonSchema } from '../dist/dataset/file/json-schema.js';

const path = fileURLToPath(new URL('../src/dataset/dataset.schema.json', import.meta.url));
writeFileSync(path, `${JSON.stringify(datasetJsonSchema(), undefined, 2)}\n`);
process.stdout.write(`Wrote ${path}\n`);
