/**
 * The check against the live service as data: what is asked, and how the answers are judged. Nothing here
 * sends or reads; `check.ts` does.
 */
import type { GeoBoxRecord } from '../../grid/geobox.js';
import type { WorkType } from '../../raster/dtype.js';
import type { Expression } from '../expressions/expression.js';
import type { TiffTag } from './tiff-tags.js';

/** One request. Paths are below the endpoint; `{project}` stands for the project. */
export type Ask =
  | { readonly kind: 'get'; readonly path: string }
  | {
      readonly kind: 'pixels';
      readonly expression: Expression;
      readonly format: 'GEO_TIFF' | 'NPY';
      readonly geobox: GeoBoxRecord;
      /** Bands and type that the reply has, where it is a GeoTIFF that the client must take. */
      readonly takes?: { readonly bands: number; readonly dtype: WorkType };
      /** Sent as `Accept-Encoding`; nothing is by default. */
      readonly acceptEncoding?: string;
    }
  | { readonly kind: 'scopes' };

/** The pixels of a reply. */
export interface Raster {
  readonly format: 'GeoTIFF' | 'NPY';
  readonly width: number;
  readonly height: number;
  /** Names of an NPY's fields; of a GeoTIFF "1", "2", ... */
  readonly names: readonly string[];
  /** As numpy writes them: `<f4`, `|u1`. */
  readonly dtypes: readonly string[];
  /** `[band][pixel]`, row-major. */
  readonly bands: readonly ArrayLike<number>[];
}

/** What came. Pure data, so that judging can be tried without a service. */
export type Answer =
  | {
      readonly kind: 'pixels';
      readonly contentType: string;
      readonly contentEncoding: string | undefined;
      readonly tags: readonly TiffTag[];
      /** Or why it could not be decoded. */
      readonly raster: Raster | string;
      /** Why the client would not take it; absent where it does, or where that was no question. */
      readonly mismatch?: string;
    }
  | { readonly kind: 'json'; readonly value: unknown; readonly bytes: number }
  | {
      readonly kind: 'refusal';
      readonly status: number;
      readonly message: string;
      /** What the client makes of it, a kind of `EarthEngineError`. */
      readonly taken: string;
    }
  /** Nothing came, or the question does not fit here. */
  | { readonly kind: 'none'; readonly reason: string };

export interface Judgement {
  readonly verdict: 'confirmed' | 'differs' | 'could not be asked';
  /** What came, or why it could not be asked. */
  readonly came: string;
}

/** One row of the page. */
export interface Probe {
  readonly id: string;
  readonly title: string;
  readonly expected: string;
  /** Names of requests, whose answers `judge` gets in this order. */
  readonly asks: readonly string[];
  judge(answers: readonly Answer[]): Judgement;
}

export const confirmed = (came: string): Judgement => ({ verdict: 'confirmed', came });
export const differs = (came: string): Judgement => ({ verdict: 'differs', came });
export const unasked = (came: string): Judgement => ({ verdict: 'could not be asked', came });

/** Rasters, or the judgement that there are none: a refusal where pixels were expected. */
export function rastersOf(answers: readonly Answer[]): readonly Raster[] | Judgement {
  const rasters: Raster[] = [];
  for (const answer of answers) {
    if (answer.kind !== 'pixels') return withoutPixels(answer);
    if (typeof answer.raster === 'string') return differs(answer.raster);
    rasters.push(answer.raster);
  }
  return rasters;
}

/**
 * Accounts, quotas and assets that cannot be read leave a question open; so does a server that does not
 * have the format, the function or the asset. Any other refusal of pixels is an answer.
 */
export function withoutPixels(answer: Exclude<Answer, { kind: 'pixels' }>): Judgement {
  switch (answer.kind) {
    case 'none':
      return unasked(answer.reason);
    case 'json':
      return differs('JSON in place of pixels');
    case 'refusal': {
      const words = `${answer.status}: ${answer.message}`;
      return ['credentials', 'permission', 'not-found', 'quota', 'transient'].includes(answer.taken)
        ? unasked(words)
        : differs(words);
    }
  }
}

export function isJudgement(value: readonly unknown[] | Judgement): value is Judgement {
  return !Array.isArray(value);
}
