/** What the page has to know of a cube before it shows anything. */
import type { OpenedCube } from '../cube/opened-cube.js';
import { formatInstant } from '../dataset/period.js';
import { type Affine, apply } from '../grid/affine.js';
import { EPSG_4326, parseCrs, titleOf, transformer } from '../grid/crs/crs.js';
import { isUpright } from '../grid/frame.js';
import type { GeoBox } from '../grid/geobox.js';
import { COLORMAPS, colourTable } from '../picture/colormaps.js';
import { greatCircle } from '../picture/map/projection.js';
import { nameStorage } from '../store/storage-url.js';
import { visible } from '../visible.js';
import { TILE_PX, topLevel } from './levels.js';
import type { Snapshot } from './snapshot.js';
import type { Cube, Place } from './told.js';

/** Colours of a map that are told: between them a screen shows no difference. */
const STOPS = 33;

export async function describeCube(snapshot: Snapshot): Promise<Cube> {
  const { cube } = snapshot;
  const { dataset, grid, timeAxis, repository } = cube;
  const { geobox } = grid;
  return {
    title: visible(dataset.title),
    store: visible(nameStorage(repository.location)),
    source: sourceWords(cube),
    crs: {
      name: visible(titleOf(geobox.crs)),
      unit: geobox.crs.unit,
      isGeographic: geobox.crs.isGeographic,
    },
    height: geobox.height,
    width: geobox.width,
    affine: geobox.affine,
    map: mapAffine(geobox),
    chunk: [grid.chunk.height, grid.chunk.width],
    topLevel: topLevel(geobox),
    tilePx: TILE_PX,
    bands: await Promise.all(
      dataset.bands.map(async ({ name, attributes }) => {
        const { dtype, nodata, scale, offset, units } = await snapshot.band(name);
        const longName = attributes?.long_name;
        return {
          ...{ name, dtype, scale, offset },
          ...(nodata === undefined ? {} : { nodata }),
          ...(units === undefined ? {} : { units: visible(units) }),
          ...(longName === undefined ? {} : { longName: visible(String(longName)) }),
        };
      }),
    ),
    ...(timeAxis === undefined
      ? {}
      : {
          steps: timeAxis.steps.map(({ start, end }) => ({
            start: formatInstant(start),
            end: formatInstant(end),
          })),
        }),
    colormaps: Object.fromEntries(COLORMAPS.map((name) => [name, stopsOf(colourTable(name))])),
  };
}

function mapAffine(geobox: GeoBox): Affine {
  const [a, , , , e] = geobox.affine;
  const isOwn = isUpright(geobox) && a > 0 && e < 0 && Math.abs(a + e) <= 1e-9 * a;
  return isOwn ? geobox.affine : [1, 0, 0, 0, -1, 0];
}

function stopsOf(table: Uint8Array): string[] {
  return Array.from({ length: STOPS }, (_, i) => {
    const at = 3 * Math.round((i * 255) / (STOPS - 1));
    return `#${Buffer.from(table.subarray(at, at + 3)).toString('hex')}`;
  });
}

/** Whose pixels these are, as far as the cube says. */
function sourceWords({ dataset: { source, bands } }: OpenedCube): string {
  const said = new Set(bands.flatMap(({ attributes }) => attributes?.data_source ?? []));
  const own =
    source.kind === 'collection' || source.kind === 'image'
      ? source.id
      : source.kind === 'expression'
        ? 'an expression of Earth Engine'
        : source.kind === 'local'
          ? 'files'
          : undefined;
  return visible([...said, ...(own === undefined ? [] : [own])].map(String).join(', '));
}

/** Where a point of the grid lies, in pixels from its outer corner. */
export function placeOf({ geobox }: OpenedCube['grid'], col: number, row: number): Place {
  const [x, y] = apply(geobox.affine, col, row);
  const toDegrees = transformer(geobox.crs, parseCrs(EPSG_4326));
  const at = (c: number, r: number) => {
    const [px, py] = apply(geobox.affine, c, r);
    return toDegrees(px, py);
  };
  const [lon, lat] = at(col, row);
  const isKnown = Number.isFinite(lon) && Number.isFinite(lat);
  const metres = greatCircle(at(col - 0.5, row), at(col + 0.5, row));
  return {
    ...{ x, y },
    ...(isKnown ? { lon: ((((lon + 180) % 360) + 360) % 360) - 180, lat } : {}),
    ...(Number.isFinite(metres) ? { metres } : {}),
  };
}
