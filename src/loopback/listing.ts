/** What lies in collections and folders, a page at a time. */
import type { XY } from '../grid/affine.js';
import { EPSG_4326, parseCrs } from '../grid/crs/crs.js';
import { type Bounds, boundsOfPoints } from '../grid/frame.js';
import type { Catalogue } from './assets/catalogue.js';
import { describeAsset } from './assets/describe.js';
import { toAssetName } from './assets/names.js';
import { FOOTPRINT } from './expression/element.js';
import { type Geometry, outlinesIn } from './geometry/geometry.js';
import type { Image } from './image/image.js';
import { refuse } from './refusal.js';

const MAX_PAGE = 1000;

/**
 * Answers `{parent}:listAssets` and `{parent}:listImages`.
 *
 * @throws {EarthEngineError} when there is no such parent, or the query asks for a filter.
 */
export function listChildren(
  parent: string,
  kind: 'assets' | 'images',
  query: URLSearchParams,
  catalogue: Catalogue,
): object {
  if (query.has('filter'))
    throw refuse("The loopback Earth Engine lists all there is, and knows no 'filter'.");
  const region = regionOf(query);
  const children = catalogue
    .childrenOf(parent)
    .filter(
      (each) =>
        kind === 'assets' ||
        (each.type === 'IMAGE' && beginsIn(each.image, query) && touches(each.image, region)),
    );
  const isRoot = /^projects\/[^/]+(\/assets)?$/.test(parent);
  if (children.length === 0 && catalogue.find(parent) === undefined && !isRoot) {
    throw refuse(`Asset '${toAssetName(parent)}' not found.`, 'not-found', 404);
  }
  const start = wholeNumber(query, 'pageToken', 0);
  const size = Math.min(wholeNumber(query, 'pageSize', MAX_PAGE) || MAX_PAGE, MAX_PAGE);
  const end = start + size;
  return {
    [kind]: children.slice(start, end).map(describeAsset),
    ...(end < children.length ? { nextPageToken: String(end) } : {}),
  };
}

/** From `startTime` up to but not at `endTime`. */
function beginsIn({ properties }: Image, query: URLSearchParams): boolean {
  const start = Number(properties['system:time_start'] ?? Number.NaN);
  const bound = (name: string, otherwise: number) => {
    const text = query.get(name);
    if (text === null) return otherwise;
    const time = Date.parse(text);
    if (Number.isNaN(time)) throw refuse(`Invalid value at '${name}': "${text}".`);
    return time;
  };
  const [from, to] = [bound('startTime', -Infinity), bound('endTime', Infinity)];
  if (from === -Infinity && to === Infinity) return true;
  return start >= from && start < to;
}

/** The bounding box of the GeoJSON geometry `region`, in longitude and latitude. */
function regionOf(query: URLSearchParams): Bounds | undefined {
  const text = query.get('region');
  if (text === null) return undefined;
  const points: XY[] = [];
  const walk = (value: unknown): void => {
    if (!Array.isArray(value)) return;
    const [x, y] = value;
    if (typeof x === 'number' && typeof y === 'number') points.push([x, y]);
    else value.forEach(walk);
  };
  try {
    walk((JSON.parse(text) as { coordinates?: unknown }).coordinates);
  } catch {
    // Refused below.
  }
  if (points.length === 0) throw refuse(`Invalid value at 'region': "${text}".`);
  return boundsOfPoints(points);
}

/** By bounding boxes, which is less than the service knows. */
function touches({ properties }: Image, region: Bounds | undefined): boolean {
  const footprint = properties[FOOTPRINT];
  if (region === undefined || footprint === undefined) return true;
  const outline = outlinesIn(footprint as Geometry, parseCrs(EPSG_4326)).flat();
  const { west, south, east, north } = boundsOfPoints(outline);
  return (
    west <= region.east && east >= region.west && south <= region.north && north >= region.south
  );
}

function wholeNumber(query: URLSearchParams, name: string, otherwise: number): number {
  const value = Number(query.get(name) ?? otherwise);
  if (Number.isInteger(value) && value >= 0) return value;
  throw refuse(`Invalid value at '${name}': "${query.get(name)}".`);
}
