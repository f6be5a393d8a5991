/** A stored image with made-up pixels, which anybody can compute by the rules below. */
import { apply, invert } from '../../grid/affine.js';
import { parseCrs, transformer } from '../../grid/crs/crs.js';
import { allocate } from '../../raster/dtype.js';
import type { BandGrid, BandSource, Frame, Image, ImageBand, Mask } from '../image/image.js';
import { dtypeOf } from '../image/pixel-type.js';
import type { KnownBand } from './bands.js';

/** Values between the ends of a range that are no whole numbers: a thousand steps. */
const STEPS = 1000;

export interface Scene {
  readonly id: string;
  /** Its place among the collection's images, from 0: pixels differ by it. */
  readonly number: number;
  readonly grid: BandGrid & { readonly shape: readonly [height: number, width: number] };
  readonly properties: Image['properties'];
}

/** The scene as an image; `system:index` is the last part of its id. */
export function imageOf(scene: Scene, bands: readonly KnownBand[]): Image {
  const grids = new Map<number, Scene['grid']>();
  const gridOf = (coarser: number) => {
    const known = grids.get(coarser) ?? coarsened(scene.grid, coarser);
    grids.set(coarser, known);
    return known;
  };
  return {
    kind: 'Image',
    id: scene.id,
    properties: {
      'system:index': scene.id.slice(scene.id.lastIndexOf('/') + 1),
      ...scene.properties,
    },
    bands: bands.map((band, at): ImageBand => {
      const grid = gridOf(band.coarser ?? 1);
      return {
        name: band.name,
        type: band.type,
        grid,
        pyramiding: band.pyramiding,
        source: pixelsOf(band, at, grid, scene.number),
      };
    }),
  };
}

function coarsened(grid: Scene['grid'], by: number): Scene['grid'] {
  if (by === 1) return grid;
  const [a, b, c, d, e, f] = grid.affine;
  const [height, width] = grid.shape;
  return {
    crs: grid.crs,
    affine: [a * by, b * by, c, d * by, e * by, f],
    shape: [Math.ceil(height / by), Math.ceil(width / by)],
  };
}

/**
 * The number of a pixel, of which its value is made: column and row are those of the band's own grid, the band and
 * the image are counted from 0. Masked are pixels of every eleventh diagonal, in all bands alike.
 */
function numberOf(col: number, row: number, band: number, image: number): number {
  return 7 * col + 13 * row + 31 * band + 101 * image;
}

function isMasked(col: number, row: number, image: number): boolean {
  return (col + 2 * row + image) % 11 === 0;
}

function pixelOf({ values, type }: KnownBand, number: number): number {
  if ('of' in values) return values.of[number % values.of.length] as number;
  const { from, to } = values;
  return type.precision === 'int'
    ? from + (number % (to - from + 1))
    : from + ((number % STEPS) / STEPS) * (to - from);
}

function pixelsOf(band: KnownBand, at: number, grid: Scene['grid'], image: number): BandSource {
  const dtype = dtypeOf(band.type);
  return {
    compute(frame) {
      const places = placesIn(frame, grid);
      const pixels = allocate(dtype, frame.length);
      const mask: Mask = new Uint8Array(frame.length);
      for (let i = 0; i < frame.length; i++) {
        const [col, row] = [places.cols[i] as number, places.rows[i] as number];
        if (col < 0 || isMasked(col, row, image)) continue;
        pixels[i] = pixelOf(band, numberOf(col, row, at, image));
        mask[i] = 1;
      }
      return { pixels, mask };
    },
    footprint: (frame) => Uint8Array.from(placesIn(frame, grid).cols, (col) => (col < 0 ? 0 : 1)),
  };
}

interface Places {
  /** -1 outside the image. */
  readonly cols: Int32Array;
  readonly rows: Int32Array;
}

/** In which pixel of the grid the centre of each of the frame's pixels lies; bands of one grid share it. */
function placesIn(frame: Frame, grid: Scene['grid']): Places {
  return frame.once(grid, () => {
    const { geobox, width, height, length } = frame;
    const toCrs = transformer(geobox.crs, parseCrs(grid.crs));
    const toPixels = invert(grid.affine);
    const [rows, cols] = grid.shape;
    const places = { cols: new Int32Array(length).fill(-1), rows: new Int32Array(length) };
    for (let row = 0, i = 0; row < height; row++) {
      for (let col = 0; col < width; col++, i++) {
        const [x, y] = apply(toPixels, ...toCrs(...apply(geobox.affine, col + 0.5, row + 0.5)));
        if (!(x >= 0 && x < cols && y >= 0 && y < rows)) continue;
        places.cols[i] = Math.floor(x);
        places.rows[i] = Math.floor(y);
      }
    }
    return places;
  });
}
