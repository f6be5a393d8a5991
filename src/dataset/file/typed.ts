/** Datasets whose bands the compiler knows: presets, and what `defineDataset` is given in TypeScript. */
import type { DType } from '../../raster/dtype.js';
import type { LoadedPixels, PixelsByType } from '../../raster/loaded-pixels.js';
import type { Dataset } from '../dataset.js';

/** The type of each band's pixels, by name: `{ TCB_slope: 'uint8' }`. Where nothing is known, any name and any type. */
export type BandTypes = Readonly<Record<string, DType>>;

declare const BANDS: unique symbol;

/** A dataset whose bands the compiler knows. As data it is a dataset like any other. */
export interface TypedDataset<Bands extends BandTypes> extends Dataset {
  /** For the compiler alone: there is no such field. */
  readonly [BANDS]?: Bands;
}

/** Whether all that is known of bands is that they have names. */
type IsUnknown<Bands extends BandTypes> = string extends keyof Bands ? true : false;

/** Pixels by the name of their band: of a band that the compiler knows they are there, and of its type. */
export type BandPixels<Bands extends BandTypes> =
  IsUnknown<Bands> extends true ? ReadonlyMap<string, LoadedPixels> : KnownPixels<Bands>;

/** As a map, but that {@link get} finds what it is asked for. */
export interface KnownPixels<Bands extends BandTypes>
  extends ReadonlyMap<keyof Bands & string, PixelsByType[Bands[keyof Bands]]> {
  get<Name extends keyof Bands & string>(name: Name): PixelsByType[Bands[Name]];
  /** Of a band whose name is known when it runs alone. */
  get<Name extends string>(
    name: string extends Name ? Name : never,
  ): PixelsByType[Bands[keyof Bands]] | undefined;
}

/** Those of the bands that are asked for. */
export type Chosen<Bands extends BandTypes, Name> =
  IsUnknown<Bands> extends true ? Bands : Pick<Bands, Name & keyof Bands>;

/** What a dataset file's entry for a band says of its type, by its name. */
type OfEntry<Entry, Common extends DType> = Entry extends string
  ? { readonly [N in Entry]: Common }
  : Entry extends { readonly name: infer Name extends string }
    ? {
        readonly [N in Name]: Entry extends { readonly dtype: infer Own extends DType }
          ? Own
          : Common;
      }
    : never;

type Together<T> = (T extends unknown ? (one: T) => void : never) extends (all: infer All) => void
  ? All
  : never;

/** What the bands of a dataset file, and the type of all that say none of their own, tell the compiler. */
export type BandsOfFile<Entries extends readonly unknown[], Common extends DType> =
  Together<OfEntry<Entries[number], Common>> extends infer All extends BandTypes
    ? IsUnknown<All> extends true
      ? BandTypes
      : { readonly [Name in keyof All]: All[Name] }
    : BandTypes;
