/** What can be asked of the server, each by a path and its parameters; whatever is not listed is refused. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OpenedCube } from '../cube/opened-cube.js';
import { expected } from '../errors.js';
import type { Window } from '../grid/window.js';
import type { Pool } from '../pool/pool.js';
import { isKnown, Refusal, send, sendJson, tagOf } from './answer.js';
import { describeCube, placeOf } from './description.js';
import { lengthAt, TILE_PX, topLevel } from './levels.js';
import { percentilesIn, seriesAt, statsOf, valuesAt } from './numbers.js';
import { drawPixels, drawStates, type Place, stampsOf } from './picture.js';
import { overviewFor, wordsOf } from './pixels/overview.js';
import { type PixelReader, pictureWindow } from './pixels/reader.js';
import { Query } from './query.js';
import type { Newest } from './snapshot.js';
import { bandsIn, readStyle, STYLE_WORDS } from './style.js';
import type { Run } from './told.js';

/** What routes answer from. */
export interface Means {
  readonly newest: Newest;
  readonly reader: PixelReader;
  readonly pool: Pool;
  /** Where the run stands that the page is served beside. */
  readonly run?: (() => Run) | undefined;
}

interface Exchange extends Means {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: Query;
  /** Fires when the browser has given up. */
  readonly signal: AbortSignal;
}

interface Route {
  readonly words: readonly string[];
  readonly answer: (exchange: Exchange) => Promise<void>;
}

/** Says whether a picture is of pixels of the cube, or of which of its overviews. */
const SHOWS = 'geocubes-shows';

const PLACE_WORDS = ['level', 'x', 'y', 't'] as const;
const POINT_WORDS = ['row', 'col'] as const;

export const ROUTES: Readonly<Record<string, Route>> = {
  '/api/cube': {
    words: [],
    answer: async ({ newest, response }) => sendJson(response, await describeCube(newest.snapshot)),
  },
  '/api/state': { words: ['t'], answer: answerState },
  '/api/tile': { words: [...PLACE_WORDS, ...STYLE_WORDS], answer: answerTile },
  '/api/states': { words: PLACE_WORDS, answer: answerStates },
  '/api/place': {
    words: POINT_WORDS,
    answer: async ({ newest, query, response }) => {
      const { grid } = newest.snapshot.cube;
      const { row, col } = pointIn(query, newest.snapshot.cube);
      sendJson(response, placeOf(grid, col + 0.5, row + 0.5));
    },
  },
  '/api/value': {
    words: [...POINT_WORDS, 't', 'band'],
    answer: async ({ newest: { snapshot }, reader, query, response, signal }) => {
      const { cube } = snapshot;
      const [point, t, bands] = [
        pointIn(query, cube),
        timeIn(query, cube),
        bandsIn(query, cube.dataset),
      ];
      sendJson(response, await valuesAt(reader, snapshot, point, t, bands, signal));
    },
  },
  '/api/series': {
    words: [...POINT_WORDS, 'band'],
    answer: async ({ newest: { snapshot }, pool, query, response, signal }) => {
      const { cube } = snapshot;
      const [band] = bandsIn(query, cube.dataset);
      sendJson(response, await seriesAt(snapshot, pointIn(query, cube), band ?? '', pool, signal));
    },
  },
  '/api/range': { words: ['box', 't', 'band', 'low', 'high'], answer: answerRange },
  '/api/stats': {
    words: ['box', 't', 'band'],
    answer: async ({ newest: { snapshot }, pool, query, response, signal }) => {
      const { cube } = snapshot;
      const bands = [...new Set(bandsIn(query, cube.dataset))];
      const means = { pool, signal };
      sendJson(
        response,
        await statsOf(snapshot, boxIn(query, cube), timeIn(query, cube), bands, means),
      );
    },
  },
};

/** Looks for what is new: whatever is asked next is answered from that. */
async function answerState({ newest, run, query, response }: Exchange): Promise<void> {
  const snapshot = await newest.look();
  const { cube, version } = snapshot;
  const { loaded, empty, missing } = await snapshot.counts(timeIn(query, cube));
  const commit =
    version === undefined
      ? undefined
      : await cube.repository.versions.find(version).catch(() => undefined);
  sendJson(response, {
    // Plain directories have no versions.
    state: version ?? `${loaded}.${empty}`,
    ...{ loaded, empty, missing },
    ...(commit === undefined ? {} : { commit }),
    ...(run === undefined ? {} : { run: run() }),
  });
}

async function answerTile({ newest, reader, ...exchange }: Exchange): Promise<void> {
  const { query, request, response, signal } = exchange;
  const { snapshot } = newest;
  const { cube } = snapshot;
  const place = placeIn(query, cube);
  const style = readStyle(query, cube.dataset);
  const { t, window } = place;
  const overviews = await Promise.all(
    style.bands.map((band) => overviewFor(snapshot, { band, t }, window)),
  );
  const shows = wordsOf(overviews);
  const tag = tagOf([JSON.stringify([place, style, shows]), ...(await stampsOf(snapshot, place))]);
  if (isKnown(request, response, tag)) return;
  const picture = await drawPixels(reader, snapshot, place, { style, overviews }, signal);
  if (picture === undefined)
    throw new Refusal(
      413,
      'Expected a picture of fewer pixels: too many chunks would have to be decoded for it. Zoom in.',
    );
  send(response, 200, { type: 'image/png', bytes: picture }, { etag: tag, [SHOWS]: shows });
}

async function answerStates({ newest, query, request, response }: Exchange): Promise<void> {
  const { snapshot } = newest;
  const place = placeIn(query, snapshot.cube);
  const tag = tagOf([JSON.stringify(place), ...(await stampsOf(snapshot, place))]);
  if (isKnown(request, response, tag)) return;
  const bytes = await drawStates(snapshot, place);
  send(response, 200, { type: 'image/png', bytes }, { etag: tag });
}

async function answerRange({ newest: { snapshot }, reader, ...exchange }: Exchange): Promise<void> {
  const { query, response, signal } = exchange;
  const { cube } = snapshot;
  const percentiles = [query.number('low', 0, 100, 2), query.number('high', 0, 100, 98)] as const;
  const [box, t] = [boxIn(query, cube), timeIn(query, cube)];
  const ranges = [];
  for (const band of bandsIn(query, cube.dataset)) {
    const range = await percentilesIn(reader, snapshot, box, t, band, percentiles, signal);
    ranges.push(range ?? null);
  }
  sendJson(response, { ranges });
}

function placeIn(query: Query, cube: OpenedCube): Place {
  const { geobox } = cube.grid;
  const level = query.whole('level', 0, topLevel(geobox));
  const most = (length: number) => Math.ceil(lengthAt(level, length) / TILE_PX) - 1;
  const x = query.whole('x', 0, most(geobox.width));
  const y = query.whole('y', 0, most(geobox.height));
  const window = pictureWindow({ x, y, level, side: TILE_PX }, geobox);
  return { window, t: timeIn(query, cube) };
}

/** A step's number, which cubes with a time axis need, and others have not. */
function timeIn(query: Query, { timeAxis }: OpenedCube): number | undefined {
  if (timeAxis !== undefined) return query.whole('t', 0, timeAxis.length - 1);
  if (query.has('t')) throw new Refusal(400, 'Expected no "t": the cube has no time axis.');
  return undefined;
}

function pointIn(query: Query, { grid: { geobox } }: OpenedCube) {
  return {
    row: query.whole('row', 0, geobox.height - 1),
    col: query.whole('col', 0, geobox.width - 1),
  };
}

/** `col,row,width,height`, in pixels of the cube and within it. */
function boxIn(query: Query, { grid: { geobox } }: OpenedCube): Window {
  const [col, row, width, height] = Query.numbers(query.text('box'), 4, 'box') as [
    number,
    number,
    number,
    number,
  ];
  const isInside =
    [col, row, width, height].every(Number.isInteger) &&
    Math.min(col, row) >= 0 &&
    Math.min(width, height) > 0 &&
    col + width <= geobox.width &&
    row + height <= geobox.height;
  if (!isInside)
    throw expected(
      `col,row,width,height within ${geobox.width} x ${geobox.height} pixels`,
      '"box"',
      query.text('box'),
    );
  return { row, col, height, width };
}
