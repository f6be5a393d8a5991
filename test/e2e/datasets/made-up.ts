/**
 * What the loopback server's made-up scenes hold, computed once more from what it says of them: the rules are in
 * src/loopback/README.md, this is their other reading.
 */
import { parseCrs, transformer } from '../../../src/grid/crs/crs.js';
import { GeoBox, type GeoBoxRecord } from '../../../src/grid/geobox.js';

interface RestBand {
  readonly id: string;
  readonly dataType: { readonly precision: string };
  readonly grid: {
    readonly crsCode: string;
    readonly affineTransform: Readonly<Record<string, number>>;
    readonly dimensions: { readonly width: number; readonly height: number };
  };
}

export interface RestImage {
  readonly name: string;
  readonly startTime: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly bands: readonly RestBand[];
}

/** All images of a collection, as the server lists them, in its order. */
export async function imagesOf(url: string, id: string): Promise<RestImage[]> {
  const parent = `projects/earthengine-public/assets/${id}`;
  const reply = await fetch(`${url}/v1/${parent}:listImages`, {
    headers: { authorization: 'Bearer loopback' },
  });
  return ((await reply.json()) as { images: RestImage[] }).images;
}

/** The values that a band goes through: from one to another, or those of a list. */
export type Cycle = readonly [from: number, to: number] | { readonly of: readonly number[] };

/** The pixel of one band of the image `number` at a place; `undefined` where it is masked or outside. */
export function pixelAt(
  image: RestImage,
  number: number,
  name: string,
  cycle: Cycle,
  crs: string,
  [x, y]: readonly [number, number],
): number | undefined {
  const at = image.bands.findIndex(({ id }) => id === name);
  const band = image.bands[at];
  if (band === undefined) return undefined;
  const { crsCode, affineTransform, dimensions } = band.grid;
  const { scaleX = 0, translateX = 0, scaleY = 0, translateY = 0 } = affineTransform;
  const [px, py] = transformer(parseCrs(crs), parseCrs(crsCode))(x, y);
  const [col, row] = [
    Math.floor((px - translateX) / scaleX),
    Math.floor((py - translateY) / scaleY),
  ];
  if (!(col >= 0 && row >= 0 && col < dimensions.width && row < dimensions.height))
    return undefined;
  if ((col + 2 * row + number) % 11 === 0) return undefined;
  const count = 7 * col + 13 * row + 31 * at + 101 * number;
  if (!Array.isArray(cycle)) {
    const { of } = cycle as { of: readonly number[] };
    return of[count % of.length];
  }
  const [from, to] = cycle as [number, number];
  return band.dataType.precision === 'INT'
    ? from + (count % (to - from + 1))
    : from + ((count % 1000) / 1000) * (to - from);
}

/** Centres of the pixels of a grid, row by row. */
export function centresOf(record: GeoBoxRecord): [number, number][] {
  const { x, y } = GeoBox.fromRecord(record).coordinates;
  return Array.from(y, (northing) =>
    Array.from(x, (easting): [number, number] => [easting, northing]),
  ).flat();
}

export const median = (values: number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return half % 1 === 0
    ? ((sorted[half - 1] as number) + (sorted[half] as number)) / 2
    : (sorted[Math.floor(half)] as number);
};

export const mean = (values: number[]): number =>
  values.reduce((sum, each) => sum + each) / values.length;

/** Of several the least. */
export const mode = (values: number[]): number => {
  const count = (value: number) => values.filter((each) => each === value).length;
  return values.toSorted((a, b) => count(b) - count(a) || a - b)[0] as number;
};

export const last = (values: number[]): number => values.at(-1) as number;
