import type { GeoBox, GeoBoxRecord } from '../../grid/geobox.js';
import type { PixelArray } from '../../raster/dtype.js';
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
  /** The grid of the stored pixels; absent for composites and constants. */
  readonly grid?: GeoBoxRecord;
}

export type Properties = Readonly<Record<string, number | string>>;

/** An image not yet computed: its bands and how to make each. */
export interface Image {
  readonly kind: 'Image';
  readonly id?: string;
  readonly properties: Properties;
  readonly bands: readonly ImageBand[];
}

/** The pixels one request asks for, and what has been computed for them so far. */
export class Frame {
  readonly width: number;
  readonly height: number;
  private readonly kept = new Map<object, unknown>();

  constructor(readonly geobox: GeoBox) {
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
    return this.once(source, () => source.compute(this));
  }
}
