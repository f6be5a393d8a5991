/**
 * WKT 1, as GDAL writes it, of a PROJ string: for the metadata of a cube. Only what can be said exactly:
 * a parameter or projection that is not in the tables below gives no WKT.
 */
type Parameters = ReadonlyMap<string, string>;

/** WKT's name of a projection, and of its parameters: each a PROJ parameter with its default, or a fixed value. */
interface Projection {
  readonly name: string;
  readonly parameters: readonly (readonly [name: string, key: string, value: string])[];
  /** Both axes of a polar system point away from the pole, which WKT 1 leaves out. */
  readonly hasNoAxes?: boolean;
}

const OFFSETS = [
  ['false_easting', 'x_0', '0'],
  ['false_northing', 'y_0', '0'],
] as const;

const PROJECTIONS: Readonly<Record<string, Projection>> = {
  tmerc: {
    name: 'Transverse_Mercator',
    parameters: [
      ['latitude_of_origin', 'lat_0', '0'],
      ['central_meridian', 'lon_0', '0'],
      ['scale_factor', 'k', '1'],
      ...OFFSETS,
    ],
  },
  stere: {
    name: 'Polar_Stereographic',
    parameters: [
      ['latitude_of_origin', 'lat_ts', ''],
      ['central_meridian', 'lon_0', '0'],
      ...OFFSETS,
    ],
    hasNoAxes: true,
  },
  laea: {
    name: 'Lambert_Azimuthal_Equal_Area',
    parameters: [
      ['latitude_of_center', 'lat_0', '0'],
      ['longitude_of_center', 'lon_0', '0'],
      ...OFFSETS,
    ],
  },
  aea: {
    name: 'Albers_Conic_Equal_Area',
    parameters: [
      ['latitude_of_center', 'lat_0', '0'],
      ['longitude_of_center', 'lon_0', '0'],
      ['standard_parallel_1', 'lat_1', ''],
      ['standard_parallel_2', 'lat_2', ''],
      ...OFFSETS,
    ],
  },
  lcc: {
    name: 'Lambert_Conformal_Conic_2SP',
    parameters: [
      ['latitude_of_origin', 'lat_0', '0'],
      ['central_meridian', 'lon_0', '0'],
      ['standard_parallel_1', 'lat_1', ''],
      ['standard_parallel_2', 'lat_2', ''],
      ...OFFSETS,
    ],
  },
  merc: {
    name: 'Mercator_1SP',
    parameters: [['central_meridian', 'lon_0', '0'], ['scale_factor', 'k', '1'], ...OFFSETS],
  },
  cea: {
    name: 'Cylindrical_Equal_Area',
    parameters: [
      ['standard_parallel_1', 'lat_ts', '0'],
      ['central_meridian', 'lon_0', '0'],
      ...OFFSETS,
    ],
  },
  sinu: {
    name: 'Sinusoidal',
    parameters: [['longitude_of_center', 'lon_0', '0'], ...OFFSETS],
  },
  eqc: {
    name: 'Equirectangular',
    parameters: [
      ['standard_parallel_1', 'lat_ts', '0'],
      ['central_meridian', 'lon_0', '0'],
      ...OFFSETS,
    ],
  },
};

const ELLIPSOIDS: Readonly<Record<string, string>> = {
  WGS84: 'SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]]',
  GRS80: 'SPHEROID["GRS 1980",6378137,298.257222101,AUTHORITY["EPSG","7019"]]',
  airy: 'SPHEROID["Airy 1830",6377563.396,299.3249646]',
};

/** Said by every string and not a part of the system. */
const MEANINGLESS = ['no_defs', 'type', 'wktext'];

/** The WKT of a PROJ string, or `''` where it cannot be said exactly. */
export function wktOfProj(text: string): string {
  const parameters = readParameters(text);
  const kind = parameters.get('proj');
  const known = new Set(['proj', 'datum', 'ellps', 'R', ...MEANINGLESS]);
  const geographic = geographicWkt(parameters);
  if (geographic === '' || kind === undefined) return '';
  if (kind === 'longlat' || kind === 'latlong')
    return isAllKnown(parameters, known) ? geographic : '';
  const all = kind === 'utm' ? utmAsTmerc(parameters) : parameters;
  const projection = PROJECTIONS[all?.get('proj') ?? ''];
  if (all === undefined || projection === undefined) return '';
  for (const [, key] of projection.parameters) known.add(key);
  known.add('units');
  if ((all.get('units') ?? 'm') !== 'm' || !fitsTable(all, known)) return '';
  const values = projection.parameters.map(([name, key, preset]) => {
    const value = Number(all.get(key) ?? (preset === '' ? Number.NaN : preset));
    return [name, value] as const;
  });
  if (values.some(([, value]) => !Number.isFinite(value))) return '';
  const listed = values.map(([name, value]) => `PARAMETER["${name}",${value}]`).join(',');
  const axes = projection.hasNoAxes ? '' : ',AXIS["Easting",EAST],AXIS["Northing",NORTH]';
  return `PROJCS["unknown",${geographic},PROJECTION["${projection.name}"],${listed},UNIT["metre",1,AUTHORITY["EPSG","9001"]]${axes}]`;
}

/** Takes out parameters that say what the table takes for granted; true when no other is left. */
function fitsTable(parameters: Parameters, known: Set<string>): boolean {
  const kind = parameters.get('proj');
  const latitude = Number(parameters.get('lat_0') ?? 0);
  if (kind === 'stere') {
    // Without a latitude of true scale, or away from a pole, it is another projection of WKT.
    const parallel = Number(parameters.get('lat_ts') ?? Number.NaN);
    if (Math.abs(latitude) !== 90 || Math.sign(parallel) !== Math.sign(latitude)) return false;
    known.add('lat_0');
    if (Number(parameters.get('k') ?? 1) === 1) known.add('k');
  }
  if (kind === 'eqc' && latitude === 0) known.add('lat_0');
  return isAllKnown(parameters, known);
}

function isAllKnown(parameters: Parameters, known: ReadonlySet<string>): boolean {
  return [...parameters.keys()].every((key) => known.has(key));
}

function readParameters(text: string): Parameters {
  return new Map(
    text
      .split(/\s+/)
      .filter((part) => part !== '')
      .map((part): [string, string] => {
        const [key = '', value = ''] = part.replace(/^\+/, '').split('=');
        return [key === 'k_0' ? 'k' : key, value];
      }),
  );
}

function geographicWkt(parameters: Parameters): string {
  const [datum, ellipsoid, radius] = [
    parameters.get('datum'),
    parameters.get('ellps'),
    parameters.get('R'),
  ];
  const meridian =
    'PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]]';
  const wkt = (name: string, inside: string) =>
    `GEOGCS["unknown",DATUM["${name}",${inside}],${meridian}]`;
  if (datum !== undefined) {
    return datum === 'WGS84' && (ellipsoid ?? 'WGS84') === 'WGS84' && radius === undefined
      ? wkt('WGS_1984', `${ELLIPSOIDS.WGS84},AUTHORITY["EPSG","6326"]`)
      : '';
  }
  if (radius !== undefined) {
    const isSphere = ellipsoid === undefined && Number(radius) > 0;
    return isSphere ? wkt('unknown', `SPHEROID["unknown",${Number(radius)},0]`) : '';
  }
  const spheroid = ELLIPSOIDS[ellipsoid ?? ''];
  const title = /"([^"]+)"/.exec(spheroid ?? '')?.[1];
  return spheroid === undefined ? '' : wkt(`Unknown based on ${title} ellipsoid`, spheroid);
}

function utmAsTmerc(parameters: Parameters): Parameters | undefined {
  const zone = Number(parameters.get('zone') ?? Number.NaN);
  if (!(Number.isInteger(zone) && zone >= 1 && zone <= 60)) return undefined;
  const made = new Map([...parameters].filter(([key]) => key !== 'zone' && key !== 'south'));
  return made
    .set('proj', 'tmerc')
    .set('lon_0', String(zone * 6 - 183))
    .set('k', '0.9996')
    .set('x_0', '500000')
    .set('y_0', parameters.has('south') ? '10000000' : '0');
}
