/** Points that commands are given: as coordinates, as rows of CSV, or as GeoJSON. */
import { expected } from '../../../errors.js';
import { readText, textOf } from '../../../raster/read-text.js';

/** Points with what is said of each, a row for each. */
export interface PointTable {
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const X_NAMES = ['lon', 'longitude', 'lng', 'long', 'x', 'easting'];
const Y_NAMES = ['lat', 'latitude', 'y', 'northing'];

/** Coordinates of one point or several: `127.5,72.5` or `127.5,72.5 128,73`. */
const COORDINATES =
  /^\s*[-+.\d][-+.\deE]*\s*,\s*[-+.\d][-+.\deE]*(?:\s+[-+.\d][-+.\deE]*,[-+.\d][-+.\deE]*)*\s*$/;

/** @param given coordinates, the name of a file, or `-` for standard input. @throws {InvalidInputError} */
export async function readPoints(given: string): Promise<PointTable> {
  if (COORDINATES.test(given)) {
    const pairs = given
      .trim()
      .replace(/\s*,\s*/g, ',')
      .split(/\s+/);
    return tableOf([['lon', 'lat'], ...pairs.map((pair) => pair.split(','))], given);
  }
  const shown = given === '-' ? 'standard input' : given;
  const text =
    given === '-'
      ? await textOf(process.stdin, '--points', shown)
      : await readText(given, '--points');
  return text.trimStart().startsWith('{') ? ofGeoJson(text, shown) : ofCsv(text, shown);
}

function ofCsv(text: string, shown: string): PointTable {
  const rows = csvRows(text.replace(/^\uFEFF/, ''));
  if (rows.length === 0) throw expected('points', '--points', `none in ${shown}`);
  return tableOf(rows, shown);
}

function tableOf([head = [], ...rows]: readonly (readonly string[])[], shown: string): PointTable {
  const names = head.map((name) => name.trim());
  const find = (wanted: readonly string[]) =>
    names.findIndex((name) => wanted.includes(name.toLowerCase()));
  const [x, y] = [find(X_NAMES), find(Y_NAMES)];
  if (x < 0 || y < 0)
    throw expected(
      'a first line with the names of columns, among them lon and lat (or longitude and latitude, x and y)',
      '--points',
      `${names.join(', ')} in ${shown}`,
    );
  const points = rows.map((row, i): [number, number] => {
    const [px, py] = [row[x] ?? '', row[y] ?? ''].map((cell) =>
      cell.trim() === '' ? Number.NaN : Number(cell),
    ) as [number, number];
    if (row.length !== names.length || !Number.isFinite(px) || !Number.isFinite(py))
      throw expected(
        `${names.length} cells, with numbers for ${names[x]} and ${names[y]}`,
        `point ${i + 1} of ${shown}`,
        row.join(','),
      );
    return [px, py];
  });
  return { points, columns: names, rows };
}

/** Cells of CSV as RFC 4180 has it, blank lines left out. */
export function csvRows(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/gy;
  while (cell.lastIndex < text.length) {
    const at = cell.lastIndex;
    const found = cell.exec(text);
    if (found === null)
      throw expected(
        'cells of CSV, quoted where they hold a quote',
        '--points',
        text.slice(at, at + 40),
      );
    const [, quoted, plain = '', end] = found;
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ',' && cell.lastIndex === text.length) row.push('');
    if (end === ',' && cell.lastIndex < text.length) continue;
    if (row.length > 1 || row[0]?.trim() !== '') rows.push(row);
    row = [];
  }
  return rows;
}

function ofGeoJson(text: string, shown: string): PointTable {
  const refuse = (what: string) => expected('GeoJSON of points', '--points', `${what} in ${shown}`);
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw refuse((error as Error).message);
  }
  const { features = [content], crs } = content as { features?: unknown[]; crs?: unknown };
  if (crs !== undefined) throw refuse('a member "crs" (name it with --crs)');
  const columns = new Set<string>();
  const read = (Array.isArray(features) ? features : []).map((feature) => {
    const { geometry = feature, properties } = (feature ?? {}) as {
      geometry?: { type?: unknown; coordinates?: unknown[] };
      properties?: Record<string, unknown> | null;
    };
    const [x, y] = (geometry as { coordinates?: unknown[] } | null)?.coordinates ?? [];
    if ((geometry as { type?: unknown } | null)?.type !== 'Point' || !isNumber(x) || !isNumber(y))
      throw refuse('something that is no point');
    for (const name of Object.keys(properties ?? {})) columns.add(name);
    return { point: [x, y] as const, properties: properties ?? {} };
  });
  const own = ['lon', 'lat'].filter((name) => !columns.has(name));
  const names = [...columns];
  return {
    points: read.map(({ point }) => point),
    columns: [...names, ...own],
    rows: read.map(({ point: [x, y], properties }) => [
      ...names.map((name) => cellOf(properties[name])),
      ...own.map((name) => String(name === 'lon' ? x : y)),
    ]),
  };
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
