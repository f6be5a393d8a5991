/** Whether two stores are of one cube, so that the encoded chunks of one can lie in the other. */
import { isDeepStrictEqual } from 'node:util';
import type { Dataset } from '../../dataset/dataset.js';
import { expected } from '../../errors.js';
import { readDocument } from '../../store/metadata/documents.js';
import { nameStorage } from '../../store/storage-url.js';
import type { OpenedCube } from '../opened-cube.js';

/** Of a band's `zarr.json`: what its chunks are. Its shape follows from the dataset, its attributes are no part of them. */
const OF_CHUNKS = [
  ...['data_type', 'chunk_grid', 'chunk_key_encoding', 'codecs', 'fill_value'],
  ...['storage_transformers', 'dimension_names'],
];

/** What makes the pixels, and where they lie; the time axis may be shorter, and is looked at by itself. */
const OF_DATASETS = [
  ...['dtype', 'nodata', 'grid', 'requestGrid', 'source', 'processing'],
] as const satisfies readonly (keyof Dataset)[];

const ONLY_SAME = 'Only stores made from the same dataset can be brought together.';

/** Of what is told of a value: expressions can be long. */
const MOST_CHARACTERS = 200;

/**
 * @param axis whether the other may lack steps at the end, as one does that was made before the cube was extended.
 * @throws {InvalidInputError} naming the first thing in which `other` is another cube.
 */
export async function checkMergeable(
  cube: OpenedCube,
  other: OpenedCube,
  axis: 'same axis' | 'or shorter' = 'or shorter',
): Promise<void> {
  const [own, place] = [cube, other].map((each) => nameStorage(each.repository.location));
  const check = (what: string, wanted: unknown, received: unknown) => {
    const [one, two] = [asJson(wanted), asJson(received)];
    if (!isDeepStrictEqual(one, two))
      throw expected(
        `${short(one)}, as ${own} has it,`,
        `the ${what} of ${place}`,
        short(two),
        ONLY_SAME,
      );
  };
  check('bands', bandsOf(cube.dataset), bandsOf(other.dataset));
  for (const field of OF_DATASETS) check(field, cube.dataset[field], other.dataset[field]);
  const [steps, others] = [stepsOf(cube), stepsOf(other)];
  const known = axis === 'same axis' ? steps : steps?.slice(0, others?.length ?? 0);
  if (!isDeepStrictEqual(known, others))
    throw expected(
      `${axisOf(cube)}, as ${own} has it,`,
      `the time axis of ${place}`,
      axisOf(other),
      axis === 'same axis'
        ? 'It was made before the cube was extended: merge what is in it, and remove it.'
        : ONLY_SAME,
    );
  const [into, from] = [await cube.repository.readSession(), await other.repository.readSession()];
  for (const { name } of cube.dataset.bands) {
    const [one, two] = [await readDocument(into.store, name), await readDocument(from.store, name)];
    for (const field of OF_CHUNKS) check(`${field} of ${name}`, one?.[field], two?.[field]);
  }
}

/** Without their attributes, which a first import may have entered in one of the stores alone. */
function bandsOf({ bands }: Dataset): unknown {
  return bands.map(({ attributes: _, ...band }) => band);
}

/** In a few words. */
const axisOf = ({ timeAxis }: OpenedCube) => (timeAxis === undefined ? 'none' : String(timeAxis));

function stepsOf({ timeAxis }: OpenedCube) {
  return timeAxis?.steps.map(({ start, end }) => [start, end]);
}

/** What has been through JSON, and what has not, alike. */
function asJson(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

function short(value: unknown): string {
  const text = value === undefined ? 'none' : JSON.stringify(value);
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}...` : text;
}
