/**
 * Somebody who reads the pages: a folder with the files it speaks of, and a shell whose PATH has what a
 * reader's has, with a stand-in for gcloud.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toGeoTransform } from '../../../src/grid/affine.js';
import { presetDataset } from '../../../src/index.js';
import { loadGdal } from '../../../src/kernel/gdal/load.js';
import type { Ended } from '../command.js';
import type { CodeBlock, Page } from './markdown.js';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

export interface Reader {
  readonly folder: string;
  /** Runs a line in the folder, or one within it, as `sh` does. */
  run(line: string, options?: RunOptions): Promise<Ended>;
  /** The same, for what does not end by itself. */
  start(line: string, options?: RunOptions): Running;
  leave(): Promise<void>;
}

export interface RunOptions {
  /** Within the reader's folder. */
  readonly within?: string | undefined;
  /** Added to the environment; `undefined` takes out. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What it has printed so far. */
  readonly stdout: () => string;
}

/** @param env what tells commands of the server */
export async function openReader(
  env: Readonly<Record<string, string>>,
  pages: readonly { readonly page: Page }[],
): Promise<Reader> {
  const folder = await mkdtemp(join(tmpdir(), 'geocubes-readme-'));
  const programs = join(folder, '.programs');
  await mkdir(programs);
  // npx takes its time to start, and does nothing else here: one command is run by npx itself.
  await writeProgram(programs, 'npx', 'exec "$@"');
  await writeProgram(programs, 'gcloud', GCLOUD);
  await symlink(process.execPath, join(programs, 'node'));
  await writeFiles(
    folder,
    pages.flatMap(({ page }) => page.blocks),
  );
  const clean = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(GEOCUBES|EE_|GOOGLE|CLOUDSDK)/.test(name)),
  );
  const path = [programs, join(folder, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
  const all = { ...clean, ...env, HOME: folder, PATH: path };
  const start = (line: string, { within = '.', env: more = {} }: RunOptions = {}): Running => {
    const child = spawn('sh', ['-c', line], {
      cwd: join(folder, within),
      env: { ...all, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data) => {
      stdout += data;
    });
    child.stderr.on('data', (data) => {
      stderr += data;
    });
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, stdout, stderr }));
    });
    return { child, ended, stdout: () => stdout };
  };
  return {
    folder,
    start,
    run: (line, options) => start(line, options).ended,
    leave: () => rm(folder, { recursive: true, force: true }),
  };
}

function writeProgram(folder: string, name: string, script: string): Promise<void> {
  return writeFile(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

/** Leaves what a login leaves. Nothing sends it anywhere: the server of the tests has a token of its own. */
const GCLOUD = `[ "$*" = "auth application-default login" ] || exit 64
mkdir -p "$HOME/.config/gcloud"
echo '{ "type": "authorized_user", "client_id": "i", "client_secret": "s", "refresh_token": "t", "quota_project_id": "my-cloud-project" }' > "$HOME/.config/gcloud/application_default_credentials.json"`;

/** What a JSON file of the pages is called where commands name it, by a field that it has. */
const FILES = { $schema: 'cropland.json', store: 'night.json', rules: 'plan.json' };

async function writeFiles(folder: string, blocks: readonly CodeBlock[]): Promise<void> {
  for (const { text } of blocks.filter(({ language }) => language === 'json')) {
    const fields = JSON.parse(text);
    const [, name] = Object.entries(FILES).find(([field]) => field in fields) ?? [];
    // What is told on clusters: no bucket is here.
    if (String(fields.store).startsWith('s3:')) continue;
    if (name !== undefined) await writeFile(join(folder, name), text, { flag: 'wx' });
  }
  await writeFile(join(folder, 'embeddings.json'), JSON.stringify(SMALL_EMBEDDINGS));
  for (const name of ['exports', 'scenes', 'scenes/north', 'practice'])
    await mkdir(join(folder, name));
  const byte = { epsg: 4326, resolution: 0.0025 };
  writeRaster(join(folder, 'exports', 'west.tif'), { ...byte, west: 7, north: 48, value: 10 });
  writeRaster(join(folder, 'exports', 'east.tif'), { ...byte, west: 8, north: 48, value: 20 });
  writeRaster(join(folder, 'scenes', 'north', 'main.tif'), {
    ...{ epsg: 3857, resolution: 300 },
    ...{ west: 1_090_000, north: 6_480_000, value: 30 },
  });
  writeRaster(join(folder, 'dem.tif'), {
    ...{ epsg: 32652, resolution: 30 },
    ...{ west: 430_000, north: 8_050_000, value: 5 },
  });
  writeBasins(join(folder, 'basins.gpkg'));
}

const { title, source, bands, dtype } = presetDataset('AlphaEarth');

/** AlphaEarth's images, bands and steps in tiles of 128 pixels a side: its own are 3.3 GB each. */
const SMALL_EMBEDDINGS = {
  ...{ title, dtype, bands: bands.map(({ name }) => name) },
  collection: source.kind === 'collection' ? source.id : '',
  grid: {
    ...{ crs: 'EPSG:4326', bounds: [126.3, 72.2, 126.5, 72.4] },
    ...{ resolution: 8.98315284e-5, chunk: 128 },
  },
  time: { start: '2017', step: '1 year', end: '2025' },
};

interface RasterOptions {
  readonly epsg: number;
  readonly west: number;
  readonly north: number;
  /** Side of a pixel in the CRS's units. */
  readonly resolution: number;
  readonly value: number;
}

/** 400 x 400 pixels of one value. */
function writeRaster(path: string, { epsg, west, north, resolution, value }: RasterOptions): void {
  const gdal = loadGdal();
  const file = gdal.drivers.get('GTiff').create(path, 400, 400, 1, 'Byte');
  file.geoTransform = [...toGeoTransform([resolution, 0, west, 0, -resolution, north])];
  file.srs = gdal.SpatialReference.fromEPSG(epsg);
  file.bands.get(1).fill(value);
  file.close();
}

/** One at the Lena, one at the Main: each within a tile of TCTrend that no other command fills. */
function writeBasins(path: string): void {
  const gdal = loadGdal();
  const file = gdal.drivers.get('GPKG').create(path);
  const srs = gdal.SpatialReference.fromUserInput('OGC:CRS84');
  const layer = file.layers.create('basins', srs, gdal.wkbPolygon);
  layer.fields.add(new gdal.FieldDefn('name', gdal.OFTString));
  for (const [name, x, y] of [
    ['Lena', 124.9, 72.3],
    ['Main', 9.85, 49.8],
  ] as const) {
    const ring = [
      [x, y],
      [x + 0.2, y],
      [x + 0.1, y + 0.2],
      [x, y],
    ];
    const feature = new gdal.Feature(layer);
    feature.fields.set('name', name);
    feature.setGeometry(
      gdal.Geometry.fromGeoJson({ type: 'Polygon', coordinates: [ring] } as never),
    );
    layer.features.add(feature);
  }
  file.close();
}

/** A Python with icechunk and xarray, as `npm run test:interop` makes it. */
export function findPython(): string | undefined {
  const environments = process.env.GEOCUBES_VENV ?? join(ROOT, '.venv');
  for (const name of ['icechunk-1', 'icechunk-2'])
    try {
      const python = join(environments, name, 'bin', 'python');
      execFileSync(python, ['-c', 'import icechunk, xarray'], { stdio: 'ignore' });
      return python;
    } catch {}
  return undefined;
}
