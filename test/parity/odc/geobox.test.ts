import { describe, expect, test } from 'vitest';
import { parseCrs } from '../../../src/grid/crs/crs.js';
import { type FrameOptions, GeoBox, type ToCrsOptions } from '../../../src/grid/geobox.js';
import { boundsFrom, boxOf, FIXTURES, optionsOf, type SavedBox } from './fixtures.js';

/** -0 and 0 are the same coordinate. */
const numbers = (box: SavedBox | GeoBox) =>
  [...(box instanceof GeoBox ? [box.height, box.width] : box.shape), ...box.affine].map(
    (value) => value + 0,
  );

const title = (one: { box: string; options: object; crs?: string }) =>
  [one.box, one.crs ?? '', JSON.stringify(one.options)] as const;

describe('from a bounding box, to the last bit as odc-geo:', () => {
  test.each(FIXTURES.fromBbox.map((one) => [...title(one), one] as const))(
    '%s %s %s',
    (_box, _crs, _options, { bbox, crs, options, geobox }) => {
      const made = GeoBox.fromBounds(
        boundsFrom(bbox),
        parseCrs(crs),
        optionsOf<FrameOptions>(options),
      );
      expect(numbers(made)).toEqual(numbers(geobox));
    },
  );
});

test.each(FIXTURES.shapes.map((one) => [JSON.stringify(one.call), one.source.crs, one] as const))(
  'to the last bit as odc-geo: %s of a geobox in %s',
  (_call, _crs, { source, call: [name, ...parameters], geobox }) => {
    const box = boxOf(source);
    const made = (box[name] as (...all: readonly unknown[]) => GeoBox).apply(box, parameters);
    expect(numbers(made)).toEqual(numbers(geobox));
  },
);

test('coordinates are those of odc-geo to the last bit', () => {
  for (const { geobox, x, y } of FIXTURES.coordinates) {
    const made = boxOf(geobox).coordinates;
    expect(x.map(([i]) => [i, made.x[i]])).toEqual(x);
    expect(y.map(([i]) => [i, made.y[i]])).toEqual(y);
  }
});

test('the geobox on the same pixels that encloses a region is that of odc-geo', () => {
  for (const { source, bbox, crs, geobox } of FIXTURES.enclosing) {
    const made = boxOf(source).enclosing({ ...boundsFrom(bbox), crs: parseCrs(crs) });
    expect(numbers(made)).toEqual(numbers(geobox));
  }
});

const POLAR = ['EPSG:3413', 'EPSG:3031', 'EPSG:3995'];

/** What `auto` should give, and odc-geo does not, between a polar and another system, both in metres. */
function withoutUnits({ source, crs, options }: (typeof FIXTURES.toCrs)[number]): boolean {
  const isAuto = Object.keys(options).length === 0;
  const isInMetres = source.crs !== 'EPSG:4326' && crs !== 'EPSG:4326';
  return isAuto && isInMetres && POLAR.includes(source.crs) !== POLAR.includes(crs);
}

describe('in another CRS as odc-geo:', () => {
  const cases = FIXTURES.toCrs.map((one) => {
    if (one.around !== undefined) {
      return {
        ...one,
        geobox: one.around,
        why: ' (odc-geo spans -180..180 and stops short of the pole)',
      };
    }
    if (withoutUnits(one)) {
      // odc-geo loses the unit of x where both axes of a polar system point the same way, and takes "fit".
      const same = FIXTURES.toCrs.find(
        ({ box, crs, options }) =>
          box === one.box && crs === one.crs && options.resolution === 'same',
      );
      if (same === undefined) throw new Error(`no case "same" for ${one.box} ${one.crs}`);
      return { ...one, geobox: same.geobox, why: ' (units are the same)' };
    }
    return { ...one, why: '' };
  });

  test('the exceptions are the antimeridian, the poles, and the unit of polar systems', () => {
    const named = cases.filter(({ why }) => why !== '').map(({ box, crs }) => `${box} ${crs}`);
    expect([...new Set(named)]).toEqual([
      'utm1-antimeridian EPSG:3413',
      'greenland-3413 EPSG:32624',
      'pole-3413 EPSG:4326',
      'ross-3031 EPSG:4326',
      'antarctica-3031 EPSG:4326',
      'svalbard-3995 EPSG:32633',
      'chukotka-3995 EPSG:4326',
    ]);
  });

  const bySize = cases.filter(({ options }) => options.shape === undefined);
  test.each(bySize.map((one) => [...title(one), one.why, one] as const))(
    '%s %s %s%s, to a ten-thousandth of a pixel',
    (_box, _crs, _options, _why, { source, crs, options, geobox }) => {
      const made = boxOf(source).toCrs(crs, optionsOf<ToCrsOptions>(options));
      expect([made.height, made.width]).toEqual(geobox.shape);
      // PROJ and proj4 agree on a pixel's size to 1e-10 of it, which the distance from the origin adds up.
      expectWithin(made, geobox, 1e-4);
    },
  );

  const byShape = cases.filter(({ options }) => options.shape !== undefined);
  test.each(byShape.map((one) => [...title(one), one.why, one] as const))(
    '%s %s %s%s, whose bounds odc-geo samples at a hundred points a side: to 1/300 of a pixel',
    (_box, _crs, _options, _why, { source, crs, options, geobox }) => {
      const made = boxOf(source).toCrs(crs, optionsOf<ToCrsOptions>(options));
      expect([made.height, made.width]).toEqual(geobox.shape);
      expectWithin(made, geobox, 1 / 300);
      // Never less than they hold.
      const size = geobox.affine[0];
      expect(made.affine[0]).toBeGreaterThan(size * (1 - 1e-9));
    },
  );
});

/** Every corner of the two lies within that part of a pixel. */
function expectWithin(made: GeoBox, saved: SavedBox, pixels: number): void {
  const wanted = boxOf(saved);
  const [rx, ry] = wanted.resolution;
  for (const edge of ['west', 'east'] as const)
    expect(Math.abs(made.bounds[edge] - wanted.bounds[edge]) / Math.abs(rx)).toBeLessThan(pixels);
  for (const edge of ['south', 'north'] as const)
    expect(Math.abs(made.bounds[edge] - wanted.bounds[edge]) / Math.abs(ry)).toBeLessThan(pixels);
}
