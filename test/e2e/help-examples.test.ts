/** Examples are what people type first: each one of each command's help is run here, as it stands. */
import { spawn } from 'node:child_process';
import { chmod, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createProgram } from '../../src/cli/program.js';
import { toGeoTransform } from '../../src/grid/affine.js';
import { loadGdal } from '../../src/kernel/gdal/load.js';
import { type LoopbackServer, startLoopback } from '../../src/loopback/index.js';
import { cleanEnvironment, type Ended, MAIN, runCommand } from './command.js';
import { createCube, environmentFor, SMALL_DATASET, temporaryFolder } from './loopback-cubes.js';

/** The lines after "$" in a command's help. */
function examplesOf(help: () => void, capture: { text: string }): string[] {
  capture.text = '';
  help();
  return [...capture.text.matchAll(/^ {2}\$ (.+)$/gm)].map(([, line = '']) => line);
}

const program = await createProgram();
const EXAMPLES = [program, ...program.commands].flatMap((command) => {
  const capture = { text: '' };
  command.configureOutput({
    writeOut: (part) => {
      capture.text += part;
    },
  });
  return examplesOf(() => command.outputHelp(), capture).map(
    (example) => [command.name(), example] as const,
  );
});

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: LoopbackServer;

/** What the examples speak of, small. */
beforeAll(async () => {
  folder = await temporaryFolder();
  server = await startLoopback();
  const at = (...names: string[]) => join(folder.path, ...names);
  for (const name of ['bin', 'cubes', 'scenes', 'exports']) await mkdir(at(name));
  await writeFile(at('bin', 'geocubes'), `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`);
  await chmod(at('bin', 'geocubes'), 0o755);
  const cubes = at('cubes');
  const { collection: _, ...local } = SMALL_DATASET;
  await createCube(cubes, 'tctrend', SMALL_DATASET);
  await createCube(cubes, 'mine', { ...local, bands: ['v'], local: true, fill: 'none' });
  await createCube(cubes, 'alphaearth', {
    ...SMALL_DATASET,
    collection: 'projects/geocubes/assets/demo_annual',
    time: { start: '2017', step: '1 year', end: '2025' },
  });
  raster(at('dem.tif'), 126, 72);
  raster(at('scenes', 'one.tif'), 121, 71);
  raster(at('scenes', 'two.tif'), 122, 71);
  raster(at('exports', 'three.tif'), 124, 73);
  basins(at('basins.gpkg'));
  await writeFile(at('mine.json'), JSON.stringify({ ...local, local: true }));
  const region = { bbox: [122, 71.5, 130, 74], project: 'my-project' };
  await writeFile(at('night.json'), JSON.stringify({ store: 'cubes/tctrend', ...region }));
  await writeFile(at('cloud.json'), JSON.stringify({ store: 's3://bucket/cube', ...region }));
  await writeFile(at('quota.secret'), `${'s'.repeat(64)}\n`);
  await writeFile(at('sites.csv'), 'site,lon,lat\nnorth,126.5,72.5\n');
  await writeFile(at('failed.ndjson'), '{"tile":"0-0"}\n');
});
afterAll(async () => {
  await server.close();
  await folder.remove();
});

/** One degree wide and high, from its lower left corner. */
function raster(path: string, west: number, south: number): void {
  const gdal = loadGdal();
  const file = gdal.drivers.get('GTiff').create(path, 100, 100, 1, 'Byte');
  file.geoTransform = [...toGeoTransform([0.01, 0, west, 0, -0.01, south + 1])];
  file.srs = gdal.SpatialReference.fromEPSG(4326);
  file.bands.get(1).fill(7);
  file.close();
}

function basins(path: string): void {
  const gdal = loadGdal();
  const file = gdal.drivers.get('GPKG').create(path);
  const layer = file.layers.create('basins', gdal.SpatialReference.fromEPSG(4326), gdal.wkbPolygon);
  layer.fields.add(new gdal.FieldDefn('name', gdal.OFTString));
  for (const [name, west] of [
    ['Lena', 126],
    ['Yana', 128],
  ] as const) {
    const feature = new gdal.Feature(layer);
    feature.fields.set('name', name);
    const [w, e, s, n] = [west, west + 1, 72, 73];
    feature.setGeometry(
      gdal.Geometry.fromWKT(`POLYGON((${w} ${s}, ${e} ${s}, ${e} ${n}, ${w} ${n}, ${w} ${s}))`),
    );
    layer.features.add(feature);
  }
  file.close();
}

/** Where an example would meet what others use on this machine, or what a test has no time for. */
function adapt(command: string, example: string): string {
  if (command === 'loopback' || command === 'quota' || command === 'view')
    return example.includes('--port')
      ? example.replace(/878[78]/, '0').replace('0.0.0.0', '127.0.0.1')
      : `${example} --port 0`;
  // Into a place of its own: the cube of the others is there already.
  if (command === 'create')
    return example.replace('cubes/tctrend', 'cubes/new').replace('cubes/mine', 'cubes/like');
  return example.replace('/tmp/', `${folder.path}/`);
}

/** In a shell, as people do; a server is stopped when it says that it is there. */
async function run(line: string): Promise<Ended> {
  const shell = spawn(
    'sh',
    ['-c', /^geocubes (loopback|quota|view)/.test(line) ? `exec ${line}` : line],
    {
      cwd: folder.path,
      env: {
        ...cleanEnvironment(),
        ...environmentFor(server),
        GEOCUBES_THREADS: '1',
        PATH: `${join(folder.path, 'bin')}:${process.env.PATH}`,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let [stdout, stderr] = ['', ''];
  shell.stdout.on('data', (data) => {
    stdout += data;
    if (String(data).includes('Ctrl-C stops it.')) shell.kill('SIGINT');
  });
  shell.stderr.on('data', (data) => {
    stderr += data;
  });
  const code = await new Promise<number | null>((resolve) => shell.once('close', resolve));
  return { code, stdout, stderr };
}

describe('the help of', () => {
  test('every command has an example', () => {
    const shown = new Set(EXAMPLES.map(([command]) => command));
    for (const command of program.commands) expect(shown).toContain(command.name());
    expect(EXAMPLES.length).toBeGreaterThan(20);
  });

  // That of the demo is run twice by a test of its own.
  const others = EXAMPLES.filter(([command]) => command !== 'demo');
  test.each(others)('%s has an example that works: %s', async (command, example) => {
    const { code, stdout, stderr } = await run(adapt(command, example));
    expect(stderr).not.toMatch(/\n\s+at |Expected|Unexpected/);
    // The loopback server knows no scopes, and may lack what the check asks for beside.
    expect(code, stderr).toBe(example.includes('--live') ? 5 : 0);
    // The set-up speaks on stderr.
    if (!/ > |geocubes setup/.test(example)) expect(stdout.length).toBeGreaterThan(0);
    for (const [, file = ''] of example.matchAll(/(?:--out|--png|--failed|>) (\S+\.\w+)/g))
      expect((await stat(join(folder.path, file.replace('{time}', '2019')))).isFile()).toBe(true);
  });

  test('the commands that fill cubes had something to fill, and left nothing half-made', async () => {
    for (const [cube, least] of [
      ['tctrend', 24],
      ['mine', 3],
    ] as const) {
      const store = join(folder.path, 'cubes', cube);
      const { stdout } = await runCommand(['status', '--store', store, '--format', 'json']);
      const { loaded, empty } = JSON.parse(stdout);
      expect(loaded + empty).toBeGreaterThanOrEqual(least);
    }
    const names = await readdir(folder.path, { recursive: true });
    expect(names.filter((name) => /\.part$|\.geocubes/.test(name))).toEqual([]);
  });
});
