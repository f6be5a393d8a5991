/** What lies in collections and folders, a page at a time. */
import type { Catalogue } from './assets/catalogue.js';
import { describeAsset } from './assets/describe.js';
import { toAssetName } from './assets/names.js';
import type { Image } from './image/image.js';
import { refuse } from './refusal.js';

const MAX_PAGE = 1000;

/**
 * Answers `{parent}:listAssets` and `{parent}:listImages`.
 *
 * @throws {EarthEngineError} when there is no such parent, or the query asks for a filter or a region.
 */
export function listChildren(
  parent: string,
  kind: 'assets' | 'images',
  query: URLSearchParams,
  catalogue: Catalogue,
): object {
  for (const name of ['filter', 'region']) {
    if (query.has(name)) {
      throw refuse(`The loopback Earth Engine lists all there is, and knows no '${name}'.`);
    }
  }
  const children = catalogue
    .childrenOf(parent)
    .filter((each) => kind === 'assets' || (each.type === 'IMAGE' && beginsIn(each.image, query)));
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

function wholeNumber(query: URLSearchParams, name: string, otherwise: number): number {
  const value = Number(query.get(name) ?? otherwise);
  if (Number.isInteger(value) && value >= 0) return value;
  throw refuse(`Invalid value at '${name}': "${query.get(name)}".`);
}
