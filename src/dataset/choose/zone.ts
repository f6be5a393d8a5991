/** Which system of metres is usual for a place. */

/** Up to here the transverse Mercator zones go; beyond are the polar systems. */
const NORTH_END = 84;
const SOUTH_END = -80;

/** NSIDC Sea Ice Polar Stereographic North, and Antarctic Polar Stereographic. */
const ARCTIC = 'EPSG:3413';
const ANTARCTIC = 'EPSG:3031';

/** Degrees of longitude that a zone spans, as kilometres at the equator: wider regions have no zone of their own. */
const ZONE_WIDTH_KM = 668;
const KM_OF_DEGREE = 111.32;

/** Zones around Svalbard: each begins at this longitude and ends where the next begins. */
const SVALBARD = [
  [0, 31],
  [9, 33],
  [21, 35],
  [33, 37],
  [42, 38],
] as const;

/**
 * The UTM zone of a place, 1 to 60, with the two exceptions of the standard: zone 32 begins at 3 degrees off
 * south-western Norway, and around Svalbard there are the zones 31, 33, 35 and 37 alone.
 *
 * Source: NGA, The Universal Grids and the Transverse Mercator and Polar Stereographic Map Projections
 * (NGA.SIG.0012), section 7.
 *
 * @param longitude degrees, of any turn
 * @param latitude degrees, -80 to 84
 */
export function utmZone(longitude: number, latitude: number): number {
  const east = ((((longitude + 180) % 360) + 360) % 360) - 180;
  const zone = Math.min(Math.floor((east + 180) / 6) + 1, 60);
  if (latitude >= 56 && latitude < 64 && east >= 3 && east < 12) return 32;
  if (latitude >= 72 && east >= 0 && east < 42)
    return SVALBARD.findLast(([west]) => east >= west)?.[1] ?? zone;
  return zone;
}

/** Longitudes and latitudes in degrees; `east` may lie beyond 180. */
export interface GeographicBounds {
  readonly west: number;
  readonly south: number;
  readonly east: number;
  readonly north: number;
}

export interface ChosenSystem {
  readonly crs: string;
  readonly why: string;
}

/**
 * The system of a region: its UTM zone by its centre, polar stereographic where it reaches beyond the zones, and
 * `undefined` where it is wider than a zone.
 */
export function systemOf({ west, south, east, north }: GeographicBounds): ChosenSystem | undefined {
  if (north > NORTH_END && south >= 0)
    return { crs: ARCTIC, why: `polar stereographic: the region reaches beyond ${NORTH_END} N` };
  if (south < SOUTH_END && north <= 0)
    return {
      crs: ANTARCTIC,
      why: `polar stereographic: the region reaches beyond ${-SOUTH_END} S`,
    };
  if (north > NORTH_END || south < SOUTH_END || isWide({ west, south, east, north }))
    return undefined;
  const [longitude, latitude] = [(west + east) / 2, (south + north) / 2];
  const zone = utmZone(longitude, latitude);
  const isNorth = latitude >= 0;
  return {
    crs: `EPSG:${(isNorth ? 32600 : 32700) + zone}`,
    why: `UTM zone ${zone} ${isNorth ? 'north' : 'south'}, that of the region's centre`,
  };
}

function isWide({ west, south, east, north }: GeographicBounds): boolean {
  const nearest = south <= 0 && north >= 0 ? 0 : Math.min(Math.abs(south), Math.abs(north));
  return (east - west) * KM_OF_DEGREE * Math.cos((nearest * Math.PI) / 180) > ZONE_WIDTH_KM;
}

/** Whether a CRS is one of the zones, whose pixels are often on one grid from zone to zone. */
export function isUtm(crs: string): boolean {
  const code = Number(/^EPSG:(\d+)$/.exec(crs)?.[1]);
  const zone = code % 100;
  return [326, 327].includes(Math.floor(code / 100)) && zone >= 1 && zone <= 60;
}
