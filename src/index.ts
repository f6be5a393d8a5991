/// <reference types="node" preserve="true" />
/**
 * smart-geocubes-native: fill Zarr datacubes in Icechunk repositories from Google Earth Engine.
 *
 * ```ts
 * const pool = createPool();
 * const cube = await Cube.create('cubes/tctrend', presetDataset('TCTrend'), { pool });
 * const source = await earthEngine(cube.dataset, { project: 'my-project' });
 * const summary = await cube.ingest(parseBoundingBox('122,71.5,130,74'), { source, pool });
 * const region = await cube.load(parseBoundingBox('126,72,128,73'));
 * ```
 */
import './boundary/classes.js';

export {
  createPool,
  defineDataset,
  describeDataset,
  drawReport,
  drawStateMap,
  earthEngine,
  earthEngineExpression,
  ingestWithReport,
  localFiles,
  logBenchmarkSummary,
  parseBoundingBox,
  parseCrs,
  parseDataset,
  parseToi,
  planReprojection,
  presetDataset,
  readDataset,
  readGeoBox,
  readRoi,
  renderPng,
  renderQuicklook,
  roiWindows,
  tilesOf,
  toGeoTransform,
  writeGeoTiff,
} from './boundary/functions.js';
export type { DownloadTileOptions } from './cube/accessor.js';
export type { SaveArraysOptions } from './cube/arrays/array-export.js';
export type { IngestEstimate, Rate } from './cube/cost/estimate.js';
export type { EstimateOptions } from './cube/cost/estimate-region.js';
export type { ShardCost, ShardsEstimate } from './cube/cost/estimate-shards.js';
export type { CreateOptions } from './cube/create.js';
export { Cube, type CubeCreateOptions } from './cube/cube.js';
export type { BuiltDataset } from './cube/datasets/define-dataset.js';
export type { DescribeDatasetOptions } from './cube/datasets/describe-dataset.js';
export type { ReadDatasetOptions } from './cube/datasets/read-dataset.js';
export type { IngestLimits, IngestOptions, IngestTarget } from './cube/fill/ingest-options.js';
export type { ConcurrencyMode, ProceduralDownloadOptions } from './cube/fill/own-pool.js';
export type { IngestPlan } from './cube/fill/plan.js';
export type { ReportOptions } from './cube/fill/report.js';
export { DEFAULT_MAX_OUTAGE_MS } from './cube/fill/run/outage.js';
export type { DropOptions, DropReport } from './cube/life/drop.js';
export type { ExtendOptions, Extension } from './cube/life/extend.js';
export type { TileRecord } from './cube/life/tile-record.js';
export type { OpenOptions } from './cube/open.js';
export type { RepositoryFacts } from './cube/opened-cube.js';
export type {
  OverviewLevel,
  OverviewSettings,
  Reduction as OverviewReduction,
  ReductionChoice as OverviewReductionChoice,
} from './cube/overviews/levels.js';
export type { OverviewState } from './cube/overviews/stale.js';
export type { OverviewOptions, OverviewReport } from './cube/overviews/update.js';
export type { Like, LoadOptions, Region } from './cube/read/load.js';
export type {
  LabelledPixels,
  LazyArray,
  LazyDataset,
  Selection,
  Selector,
} from './cube/read/open-dataset.js';
export type { GeoTiffOptions, ReadGeoBoxOptions } from './cube/read/raster-files.js';
export type { SavedRegion, SaveOptions } from './cube/read/save-geotiff.js';
export type { MergedStore, MergeOptions, MergeReport, UncopiedTile } from './cube/shards/merge.js';
export type { Shard } from './cube/shards/shard.js';
export type {
  EarthEngineAccountOptions,
  EarthEngineSourceOptions,
} from './cube/sources/earth-engine.js';
export type { QuotaOptions } from './cube/sources/quota.js';
export type { DamagedCompanion } from './cube/state/companions.js';
export type { FinaliseOptions, FinaliseReport } from './cube/state/finalise.js';
export type { MergedReport } from './cube/state/merged-report.js';
export type { StatePictureOptions } from './cube/state/state-picture.js';
export type {
  CurrentStateOptions,
  TileFeatures,
  TileProperties,
} from './cube/state/tile-features.js';
export type { StepCounts, TileCounts, TileStatus } from './cube/state/tile-states.js';
export type { VerifyOptions } from './cube/state/verify.js';
export type { DamagedTile, DamageKind, VerifyReport } from './cube/state/verify-tiles.js';
export type { AdjacentTile, TimeOptions } from './cube/tiles.js';
export type { SampledPoints, SampleOptions } from './cube/values/sample.js';
export type { BandStats, RegionStats, StatsOptions } from './cube/values/stats.js';
export type { DatasetWishes } from './dataset/choose/compose.js';
export type { Band, Dataset, Fill, Processing, Resampling, Source } from './dataset/dataset.js';
export type { DatasetFile } from './dataset/file/dataset-file.js';
export type {
  BandPixels,
  BandTypes,
  Chosen,
  KnownPixels,
  TypedDataset,
} from './dataset/file/typed.js';
export type { GridOptions } from './dataset/grid/read-grid.js';
export type { BoundsSnap } from './dataset/grid/snapped.js';
export type { Origin } from './dataset/origin.js';
export type { TimeSpan } from './dataset/period.js';
export { PRESET_NAMES, type Presets } from './dataset/presets.js';
export type {
  BandRecipe,
  Comparison,
  Operand,
  PixelMask,
  Recipe,
  Reduction,
} from './dataset/recipe/recipe.js';
export { TimeAxis, type TimeAxisRecord, type TimeStep } from './dataset/time-axis.js';
export type { Time, Toi } from './dataset/toi.js';
export { AdaptiveLimiter, type LimiterOptions } from './earth-engine/adaptive-limiter.js';
export {
  HIGH_VOLUME_ENDPOINT,
  type RetryOptions,
  STANDARD_ENDPOINT,
} from './earth-engine/client.js';
export type { BuildImage, StepArguments } from './earth-engine/expressions/official-client.js';
export type { QuotaShare } from './earth-engine/quota-share.js';
export {
  AbortedError,
  EarthEngineError,
  type ErrorRecord,
  GeocubesError,
  InvalidInputError,
  RasterError,
  SetupError,
  StoreError,
  UnexpectedError,
} from './errors.js';
export type { Affine, GeoTransform } from './grid/affine.js';
export type { Crs } from './grid/crs/crs.js';
export {
  type Anchor,
  type Bounds,
  type Coordinates,
  type FrameOptions,
  GeoBox,
  type GeoBoxRecord,
  type GeoBoxTile,
  type Resolution,
  type Shape,
  type ToCrsOptions,
} from './grid/geobox.js';
export type { ReprojectOptions, ReprojectPart, ReprojectPlan } from './grid/onto/reproject-plan.js';
export type { BoundingBox, GeoJsonRegion, Roi } from './grid/roi.js';
export { Grid, type TileIndex } from './grid/tiling.js';
export type { Window } from './grid/window.js';
export type { LocalFilesOptions, LocalSource } from './local/source.js';
export type { ReadRoiOptions } from './local/vector-file.js';
export type { IngestEvent, LimitName, OnEvent } from './observe/events.js';
export type { FailureRecord, IngestRecord, RecordSubject } from './observe/record.js';
export { IngestRecorder, type RecorderOptions } from './observe/recorder.js';
export { type Lap, Stopwatch, type SummaryLog } from './observe/stopwatch.js';
export type { IngestSummary } from './observe/summary.js';
export type { Pool, PoolOptions } from './pool/pool.js';
export type { QuotaNotice } from './quota/quota-client.js';
export type { DType, PixelArray } from './raster/dtype.js';
export type { LoadedPixels, PixelsByType } from './raster/loaded-pixels.js';
export type { PageOptions } from './report/page.js';
export type { RollBack } from './store/durability/roll-back.js';
export type { OpenZarr, ZarrArray, ZarrGroup } from './store/open-zarr.js';
export type { Commit, Published, Tag } from './store/session.js';
export { TileState } from './store/tiles/ledger.js';
export type {
  FetchContext,
  FetchedPart,
  FetchedTile,
  FilePart,
  FileReference,
  MaskTransport,
  PixelRequest,
  PlannedTile,
  SourceEvent,
  SourceUpdate,
  TileSource,
} from './tile.js';
