import type { SourceGrid } from './place.js';
import type { PixelDataType } from './values.js';

/** A band of an image, or of the images of a collection that were looked at. */
export interface SourceBand {
  readonly name: string;
  readonly type: PixelDataType;
  readonly grid?: SourceGrid | undefined;
  /** Coarser levels take the most frequent value: its publisher takes it for classes. */
  readonly areClasses: boolean;
  /** Dimensions of an array in each pixel; 0 for plain numbers. */
  readonly arrayDimensions: number;
}

/** What is known of an asset before a dataset is made of it. */
export interface SourceAsset {
  readonly id: string;
  readonly kind: 'collection' | 'image';
  readonly title?: string | undefined;
  readonly bands: readonly SourceBand[];
  /** Bands that some of the images looked at do not have, or have with another type. */
  readonly differing: readonly string[];
  /** Images that were looked at; none of an image itself. */
  readonly images: readonly string[];
  /** Milliseconds since 1970, where they are told. */
  readonly start?: number | undefined;
  readonly end?: number | undefined;
}
