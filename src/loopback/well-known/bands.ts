/**
 * Bands of five collections that people know, in the order and with the types in which the service has them.
 * Names and pixel sizes: Google's Earth Engine catalogue (google/earthengine-catalog). It has no pixel types; those
 * are as the service's own descriptions of images show them.
 */
import { DOUBLE, FLOAT, intType, type PixelType } from '../image/pixel-type.js';

/** A band, and the values that its made-up pixels go through. */
export interface KnownBand {
  readonly name: string;
  readonly type: PixelType;
  /** From the first up to the last, or just these. */
  readonly values:
    | { readonly from: number; readonly to: number }
    | { readonly of: readonly number[] };
  /** Side of its pixels, in those of the collection's finest band. */
  readonly coarser?: number;
  /** How coarser levels are made: `MODE` of what are classes. */
  readonly pyramiding: 'MEAN' | 'MODE' | 'SAMPLE';
}

const UINT8 = intType(0, 255);
const UINT16 = intType(0, 65535);
const INT16 = intType(-32768, 32767);
const UINT32 = intType(0, 4294967295);

function measured(
  names: readonly string[],
  type: PixelType,
  [from, to]: readonly [number, number],
  coarser = 1,
): KnownBand[] {
  return names.map((name) => ({ name, type, values: { from, to }, coarser, pyramiding: 'MEAN' }));
}

function classes(name: string, type: PixelType, of: readonly number[], coarser = 1): KnownBand {
  return { name, type, values: { of }, coarser, pyramiding: 'MODE' };
}

const upTo = (last: number) => Array.from({ length: last + 1 }, (_, value) => value);

const DN = [1, 10_000] as const;

export const SENTINEL_2: readonly KnownBand[] = [
  ...measured(['B1'], UINT16, DN, 6),
  ...measured(['B2', 'B3', 'B4'], UINT16, DN),
  ...measured(['B5', 'B6', 'B7'], UINT16, DN, 2),
  ...measured(['B8'], UINT16, DN),
  ...measured(['B8A'], UINT16, DN, 2),
  ...measured(['B9'], UINT16, DN, 6),
  ...measured(['B11', 'B12'], UINT16, DN, 2),
  ...measured(['AOT'], UINT16, [50, 400]),
  ...measured(['WVP'], UINT16, [100, 5000]),
  classes('SCL', UINT8, [2, 4, 5, 6, 7, 9, 4, 5, 3, 11, 10], 2),
  ...measured(['TCI_R', 'TCI_G', 'TCI_B'], UINT8, [1, 255]),
  ...measured(['MSK_CLDPRB', 'MSK_SNWPRB'], UINT8, [0, 100], 2),
  ...measured(['QA10'], UINT16, [0, 0]),
  ...measured(['QA20'], UINT32, [0, 0], 2),
  classes('QA60', UINT16, [0, 1024, 2048], 6),
  ...['OPAQUE', 'CIRRUS', 'SNOW_ICE'].map((kind) =>
    classes(`MSK_CLASSI_${kind}`, UINT8, [0, 1], 6),
  ),
];

/** Clear land, water, snow; cloud, its shadow. */
const QA_PIXELS = [21824, 21952, 30048, 22280, 23888];

export const LANDSAT_8: readonly KnownBand[] = [
  ...measured(
    ['SR_B1', 'SR_B2', 'SR_B3', 'SR_B4', 'SR_B5', 'SR_B6', 'SR_B7'],
    UINT16,
    [7273, 43_636],
  ),
  classes('SR_QA_AEROSOL', UINT8, [64, 96, 160, 192]),
  ...measured(['ST_B10'], UINT16, [30_000, 50_000]),
  ...measured(
    ['ST_ATRAN', 'ST_CDIST', 'ST_DRAD', 'ST_EMIS', 'ST_EMSD', 'ST_QA', 'ST_TRAD', 'ST_URAD'],
    INT16,
    [0, 10_000],
  ),
  classes('QA_PIXEL', UINT16, QA_PIXELS),
  classes('QA_RADSAT', UINT16, [0]),
];

export const DYNAMIC_WORLD: readonly KnownBand[] = [
  ...measured(
    [
      ...['water', 'trees', 'grass', 'flooded_vegetation', 'crops', 'shrub_and_scrub', 'built'],
      ...['bare', 'snow_and_ice'],
    ],
    FLOAT,
    [0, 1],
  ),
  classes('label', UINT8, upTo(8)),
];

export const COPERNICUS_DEM: readonly KnownBand[] = [
  ...measured(['DEM'], FLOAT, [-10, 500]),
  classes('EDM', UINT8, upTo(13)),
  classes('FLM', UINT8, [1, 2, 3, 100, 101]),
  ...measured(['HEM'], FLOAT, [0, 40]),
  classes('WBM', UINT8, upTo(3)),
];

/** Of which the monthly collection has means, least and greatest values. */
const STATES = [
  ...['dewpoint_temperature_2m', 'temperature_2m', 'skin_temperature'],
  ...[1, 2, 3, 4].map((level) => `soil_temperature_level_${level}`),
  ...['lake_bottom_temperature', 'lake_ice_depth', 'lake_ice_temperature', 'lake_mix_layer_depth'],
  ...['lake_mix_layer_temperature', 'lake_shape_factor', 'lake_total_layer_temperature'],
  ...['snow_albedo', 'snow_cover', 'snow_density', 'snow_depth', 'snow_depth_water_equivalent'],
];
const MORE_STATES = [
  ...['temperature_of_snow_layer', 'skin_reservoir_content'],
  ...[1, 2, 3, 4].map((layer) => `volumetric_soil_water_layer_${layer}`),
  'forecast_albedo',
];
/** Of which it has sums. */
const FLOWS = [
  ...['latent_heat_flux', 'net_solar_radiation', 'net_thermal_radiation', 'sensible_heat_flux'].map(
    (flow) => `surface_${flow}`,
  ),
  ...['surface_solar_radiation_downwards', 'surface_thermal_radiation_downwards'],
  ...['bare_soil', 'open_water_surfaces_excluding_oceans', 'the_top_of_canopy'].map(
    (from) => `evaporation_from_${from}`,
  ),
  ...['evaporation_from_vegetation_transpiration', 'potential_evaporation', 'runoff'],
  ...['snow_evaporation', 'sub_surface_runoff', 'surface_runoff', 'total_evaporation'],
];
const WINDS = ['u_component_of_wind_10m', 'v_component_of_wind_10m', 'surface_pressure'];
const LEAVES = ['leaf_area_index_high_vegetation', 'leaf_area_index_low_vegetation'];

const QUANTITIES = [
  ...[...STATES].map((name) => [name, name]),
  ...['snowfall', 'snowmelt'].map((name) => [name, `${name}_sum`]),
  ...MORE_STATES.map((name) => [name, name]),
  ...FLOWS.map((name) => [name, `${name}_sum`]),
  ...WINDS.map((name) => [name, name]),
  ['total_precipitation', 'total_precipitation_sum'],
  ...LEAVES.map((name) => [name, name]),
] as const;

/** Kelvins of temperatures; what else there is lies near 0. */
function rangeOf(name: string): readonly [number, number] {
  return name.includes('temperature') ? [230, 300] : [0, 1];
}

export const ERA5_LAND: readonly KnownBand[] = [
  ...QUANTITIES.map(([, name = '']) => name),
  ...QUANTITIES.flatMap(([name = '']) => [`${name}_min`, `${name}_max`]),
].flatMap((name) => measured([name], DOUBLE, rangeOf(name)));
