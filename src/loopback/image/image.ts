import type { Affine } from '../../grid/affine.js';
import type { GeoBox } from '../../grid/geobox.js';
import type { PixelArray } from '../../raster/dtype.js';
import { refuse } from '../refusal.js';
import type { PixelType } from './pixel-type.js';

/** 1 where a pixel is valid, 0 where it is masked; `[y, x]` of the frame. */
export type Mask = Uint8Array<ArrayBuffer>;

/**
 * One band computed for one frame. `pixels` is `[y, x]`, row-major, in any array type that holds the
 * values (often narrower than the band's own type), or a number when all pixels are the same.
 * Where `mask` is 0 the pixel is 0 too, always: that is how masked pixels are encoded, so writing
 * needs no further pass. An absent mask means that every pixel is valid.
 */
export type Plane =
  | {
      readonly pixels: PixelArray;
      readonly mask?: Mask;
      /** True when the pixels are known to be 0 or 1. */
      readonly isBinary?: true;
    }
  | { readonly pixels: number; readonly mask?: never; readonly isBinary?: never };

/** How to compute a band, whatever its name; the identity of the object is what {@link Frame} shares by. */
export interface BandSource {
  compute(frame: Frame): Plane;
  /** Where the image has data at all, masked or not; absent for images without an edge. */
  footprint?(frame: Frame): Mask;
}

export interface ImageBand {
  readonly name: string;
  readonly type: PixelType;
  readonly source: BandSource;
  /** The grid of the pixels; absent for composites and constants. */
  readonly grid?: BandGrid;
  /** How the service makes coarser levels of it; it tells this of stored images. Default: `MEAN`. */
  readonly pyramiding?: 'MEAN' | 'MODE' | 'SAMPLE';
}

/** Where a band's pixels lie by default, and how far they go. */
export interface BandGrid {
  readonly crs: string;
  /** Of the corner of pixel 0, 0, which `origin` may move away from the first one. */
  readonly affine: Affine;
  /** Rows and columns; absent where the band has no edge. */
  readonly shape?: readonly [height: number, width: number];
  /** Column and row of the first pixel: what a clip leaves of a grid keeps the grid's affine. */
  readonly origin?: readonly [col: number, row: number];
}

/** Values as expressions have them; what is no number and no text only passes through. */
export type Properties = Readonly<Record<string, unknown>>;

/** An image not yet computed: its bands and how to make each. */
export interface Image {
  readonly kind: 'Image';
  readonly id?: string;
  readonly properties: Properties;
  readonly bands: readonly ImageBand[];
}

/** Bytes of the planes that one request may come to hold; the service has such a limit too. */
const MAX_KEPT = 1024 * 1024 * 1024;

/** The pixels one request asks for, and what has been computed for them so far. */
export class Frame {
  readonly width: number;
  readonly height: number;
  private readonly kept = new Map<object, unknown>();
  private keptBytes = 0;

  /** @param within the frame that this one is computed for: they share one limit of memory */
  constructor(
    readonly geobox: GeoBox,
    private readonly within?: Frame,
  ) {
    this.width = geobox.width;
    this.height = geobox.height;
  }

  get length(): number {
    return this.width * this.height;
  }

  /** What `make` returns, computed once per `key` and frame. */
  once<T>(key: object, make: () => T): T {
    if (this.kept.has(key)) return this.kept.get(key) as T;
    const made = make();
    this.kept.set(key, made);
    return made;
  }

  planeOf(source: BandSource): Plane {
    return this.once(source, () => {
      const plane = source.compute(this);
      this.count(sizeOf(plane));
      return plane;
    });
  }

  /** @throws {EarthEngineError} when the request has come to need more than there is for one. */
  private count(bytes: number): void {
    this.keptBytes += bytes;
    if (this.keptBytes > MAX_KEPT) throw refuse('User memory limit exceeded.');
    this.within?.count(bytes);
  }
}

function sizeOf({ pixels, mask }: Plane): number {
  return (typeof pixels === 'number' ? 0 : pixels.byteLength) + (mask?.byteLength ?? 0);
}
