/** What the server tells the page: plain data, known to both. */

/** What has to be known of a cube before it is shown. */
export interface Cube {
  readonly title: string;
  readonly store: string;
  /** Whose pixels these are, as far as the cube says; or empty. */
  readonly source: string;
  readonly crs: {
    readonly name: string;
    readonly unit: string;
    readonly isGeographic: boolean;
  };
  readonly height: number;
  readonly width: number;
  /** From columns and rows, from the outer corner, to coordinates of the CRS. */
  readonly affine: Affine;
  /** The same to those of the map, which are those of the CRS where its pixels are square and north is up. */
  readonly map: Affine;
  readonly chunk: readonly [height: number, width: number];
  /** The level at which all of the cube is in one picture. */
  readonly topLevel: number;
  /** Pixels on a side of a picture. */
  readonly tilePx: number;
  readonly bands: readonly Band[];
  readonly steps?: readonly { readonly start: string; readonly end: string }[];
  /** Colours at equal distances, by the names of the maps. */
  readonly colormaps: Readonly<Record<string, readonly string[]>>;
}

type Affine = readonly [number, number, number, number, number, number];

export interface Band {
  readonly name: string;
  readonly dtype: string;
  readonly nodata?: number;
  /** value = number * scale + offset */
  readonly scale: number;
  readonly offset: number;
  readonly units?: string;
  readonly longName?: string;
}

/** A pixel of the cube. */
export interface Point {
  readonly row: number;
  readonly col: number;
}

/** Pixels of the cube. */
export interface Box extends Point {
  readonly height: number;
  readonly width: number;
}

export interface State {
  /** Another word when something may have changed. */
  readonly state: string;
  readonly loaded: number;
  readonly empty: number;
  readonly missing: number;
  readonly commit?: { readonly writtenAt: string };
  readonly run?: Run;
}

/** Where the run stands that the page is served beside, over all steps. */
export interface Run {
  /** To do in this run. */
  readonly tiles: number;
  readonly committed: number;
  readonly failed: number;
  readonly left: number;
  /** Processed, committed or not yet, since it began. */
  readonly perSecond: number;
  /** Answered with pixels, and sent again. */
  readonly requests: number;
  readonly retries: number;
  /** Received, and of chunks made. */
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** Where a pixel's centre lies. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly lon?: number;
  readonly lat?: number;
  /** On the ground, of one pixel along a row. */
  readonly metres?: number;
}

/** Stored numbers; `null` where there is no value. */
export interface Values extends Place, Point {
  readonly tile: string;
  readonly state: string;
  readonly values: Readonly<Record<string, number | null>>;
}

export interface Series {
  /** Every so manyth step. */
  readonly every: number;
  readonly series: readonly { readonly t: number; readonly value: number | null }[];
}

export interface BoxStats {
  readonly bands: readonly {
    readonly band: string;
    readonly pixels: number;
    readonly valid: number;
    readonly nodata: number;
    readonly missing: number;
    readonly min?: number;
    readonly max?: number;
    readonly mean?: number;
    readonly std?: number;
    readonly quantiles?: readonly { readonly q: number; readonly value: number }[];
    readonly histogram?: { readonly edges: readonly number[]; readonly counts: readonly number[] };
  }[];
}
