/** Whether the documents and coordinates of a cube's levels are as the bands and the grid ask for. */
import { isDeepStrictEqual } from 'node:util';
import { readArray1d } from '../read.js';
import type { CubeStore, Session } from '../session.js';
import { registerCoordinateCodecs } from './coordinate-codecs.js';
import { type Document, readDocument } from './documents.js';
import {
  type LevelPlace,
  levelDocument,
  OVERVIEWS_GROUP,
  type OverviewRecord,
} from './overview-documents.js';

/** Something of the levels that is not as it should be. */
export interface LevelProblem {
  /** Of a node in the cube; empty for the root. */
  readonly path: string;
  /** One line for people. */
  readonly message: string;
}

/** Pixels of a level that a centre may be off. */
const TOLERANCE = 0.25;

/** Looks at all of them; steps that were added since the last pass are no problem. Never throws. */
export async function levelProblems(
  session: Session,
  { record, levels }: { readonly record: OverviewRecord; readonly levels: readonly LevelPlace[] },
): Promise<LevelProblem[]> {
  await registerCoordinateCodecs();
  const { store } = session;
  const found: LevelProblem[] = [];
  const look = async (path: string, problem: () => Promise<string | undefined>) => {
    const message = await problem().catch(
      (error: unknown) =>
        `cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
    if (message !== undefined) found.push({ path, message });
  };
  const isThere = async (path: string) =>
    (await readDocument(store, path)) === undefined ? 'is not there' : undefined;
  await look('', () => rootProblem(store, levels));
  await look(OVERVIEWS_GROUP, () => isThere(OVERVIEWS_GROUP));
  for (const level of levels) {
    const { path, geobox } = level;
    await look(path, () => isThere(path));
    await look(`${path}/spatial_ref`, async () => {
      const problem = await isThere(`${path}/spatial_ref`);
      await store.get(`${path}/spatial_ref/c`);
      return problem;
    });
    const [dx, dy] = geobox.resolution;
    await look(`${path}/x`, () => lineProblem(session, `${path}/x`, geobox.xCentres(), dx));
    await look(`${path}/y`, () => lineProblem(session, `${path}/y`, geobox.yCentres(), dy));
    if ((await readDocument(store, 'time').catch(() => undefined)) !== undefined)
      await look(`${path}/time`, () => timeProblem(session, `${path}/time`));
    for (const name of Object.keys(record.reductions))
      await look(`${path}/${name}`, () => bandProblem(store, name, level));
  }
  return found;
}

async function rootProblem(
  store: CubeStore,
  levels: readonly LevelPlace[],
): Promise<string | undefined> {
  const { multiscales } = (await readDocument(store, ''))?.attributes ?? {};
  const layout = (multiscales as { layout?: { asset?: unknown }[] } | undefined)?.layout ?? [];
  const listed = layout.map(({ asset }) => asset);
  return levels.every(({ path }) => listed.includes(path))
    ? undefined
    : 'does not list the levels that the cube has';
}

/** All that makes pixels of bytes must agree; attributes and the number of steps are brought up to date by the next pass. */
async function bandProblem(
  store: CubeStore,
  name: string,
  level: LevelPlace,
): Promise<string | undefined> {
  const band = await readDocument(store, name);
  if (band === undefined) return undefined;
  const found = await readDocument(store, `${level.path}/${name}`);
  if (found === undefined) return 'is not there';
  const fixed = ({ attributes, shape, ...rest }: Document) => ({
    ...rest,
    sides: (shape as number[] | undefined)?.slice(-2),
  });
  const wanted = JSON.parse(JSON.stringify(levelDocument(band, level))) as Document;
  return isDeepStrictEqual(fixed(found), fixed(wanted))
    ? undefined
    : 'is not the document of a level of its band';
}

async function lineProblem(
  session: Session,
  path: string,
  wanted: ArrayLike<number>,
  pixel: number,
): Promise<string | undefined> {
  const found = await readArray1d(session, path);
  if (found.length !== wanted.length)
    return `has ${found.length} values for ${wanted.length} pixels`;
  for (let i = 0; i < wanted.length; i++)
    // Not ">": NaN is wrong as well.
    if (!(Math.abs(Number(found[i]) - Number(wanted[i])) <= TOLERANCE * Math.abs(pixel)))
      return `has ${String(found[i])} where the level has ${String(wanted[i])}`;
  return undefined;
}

async function timeProblem(session: Session, path: string): Promise<string | undefined> {
  const [found, wanted] = [await readArray1d(session, path), await readArray1d(session, 'time')];
  for (let i = 0; i < found.length; i++)
    if (String(found[i]) !== String(wanted[i]))
      return `has ${String(found[i])} where the cube has ${String(wanted[i])}`;
  return undefined;
}
