import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  Cube,
  createPool,
  defineDataset,
  localFiles,
  type Pool,
  readGeoBox,
  readRoi,
} from '../../../src/index.js';
import { loadGdal } from '../../../src/kernel/gdal/load.js';
import { inspectRaster } from '../../../src/local/raster-file.js';
import { startLoopback } from '../../../src/loopback/index.js';

/** Answers in a thread of its own: GDAL blocks this one while it waits for a reply. */
const SERVER = `
const { createServer } = require('node:net');
const { parentPort, workerData } = require('node:worker_threads');
const count = new Int32Array(workerData);
createServer((socket) => {
  Atomics.add(count, 0, 1);
  socket.on('error', () => {});
  socket.on('data', () => socket.end('HTTP/1.1 404 Not Found\\r\\ncontent-length: 0\\r\\nconnection: close\\r\\n\\r\\n'));
}).listen(0, '127.0.0.1', function () { parentPort.postMessage(this.address().port); });
`;

const connections = new Int32Array(new SharedArrayBuffer(4));
let server: Worker;
let url: string;
let pool: Pool;
beforeAll(async () => {
  server = new Worker(SERVER, { eval: true, workerData: connections.buffer });
  url = `http://127.0.0.1:${await new Promise((resolve) => server.once('message', resolve))}`;
  pool = createPool({ size: 0 });
});
afterAll(async () => {
  await server.terminate();
  await pool.close();
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-untrusted-'));
  mkdirSync(join(folder, 'own', 'below'), { recursive: true });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const put = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

/** 4 x 4 pixels of 10 m in EPSG:3413, of the values 1 to 16. */
function raster(name: string, metadata: Record<string, string> = {}): string {
  const gdal = loadGdal();
  const path = join(folder, name);
  const file = gdal.drivers.get('GTiff').create(path, 4, 4, 1, 'Byte');
  file.geoTransform = [0, 10, 0, 40, 0, -10];
  file.srs = gdal.SpatialReference.fromEPSG(3413);
  file.bands.get(1).pixels.write(
    0,
    0,
    4,
    4,
    Uint8Array.from({ length: 16 }, (_, i) => i + 1),
  );
  if (Object.keys(metadata).length > 0) file.setMetadata(metadata, 'OVERVIEWS');
  file.close();
  return path;
}

const SIZE =
  '<SrcRect xOff="0" yOff="0" xSize="4" ySize="4"/><DstRect xOff="0" yOff="0" xSize="4" ySize="4"/>';
const simple = (source: string, relative = 1, more = '') =>
  `<SimpleSource><SourceFilename relativeToVRT="${relative}">${source}</SourceFilename>${more}<SourceBand>1</SourceBand>${SIZE}</SimpleSource>`;
const vrt = (content: string, { srs = 'EPSG:3413', band = '', root = '' } = {}) =>
  `<VRTDataset rasterXSize="4" rasterYSize="4" ${root}><SRS>${srs}</SRS><GeoTransform>0, 10, 0, 40, 0, -10</GeoTransform><VRTRasterBand dataType="Byte" band="1" ${band}>${content}</VRTRasterBand></VRTDataset>`;

const cube = () =>
  Cube.create(
    'memory:',
    defineDataset({
      title: 'small',
      local: true,
      bands: ['v'],
      dtype: 'uint8',
      nodata: 0,
      grid: { crs: 'EPSG:3413', bounds: [0, 0, 40, 40], resolution: 10, chunk: 4 },
    }),
    { pool },
  );

async function imported(path: string, trustInputs = false): Promise<number[]> {
  const target = await cube();
  const source = await localFiles(target.dataset, [path], { trustInputs });
  const { failed } = await target.ingest(target.grid.geobox, { source, pool });
  expect(failed).toEqual([]);
  const { bands } = await target.load(target.grid.geobox, { pool });
  return [...(bands.get('v') ?? [])].map(Number);
}

const ALL = Array.from({ length: 16 }, (_, i) => i + 1);

/** Refused by all that open rasters, with one line that names the file, and nobody asked. */
async function expectRefused(path: string, words: RegExp): Promise<void> {
  const before = Atomics.load(connections, 0);
  for (const open of [async () => inspectRaster(path), async () => readGeoBox(path, { pool })]) {
    const error = await open().catch((cause: Error) => cause);
    expect(error).toBeInstanceOf(Error);
    const { message, name } = error as Error;
    expect(name).toBe('InvalidInputError');
    expect(message).toMatch(words);
    expect(message).toContain(path.split('/').at(-1));
    expect(message).not.toContain('\n');
  }
  expect(Atomics.load(connections, 0) - before).toBe(0);
}

test('GDAL has no network before an input is trusted, whoever asks it', () => {
  const gdal = loadGdal();
  const link = `{"type":"FeatureCollection","crs":{"type":"link","properties":{"href":"${url}/crs"}},"features":[]}`;
  const names = [`/vsicurl/${url}/a.tif`, `${url}/b.tif`, put('link.geojson', link)];
  for (const name of names)
    try {
      gdal.open(name).close();
    } catch {
      // Refused, which is as well.
    }
  expect(Atomics.load(connections, 0)).toBe(0);
});

describe('rasters', () => {
  test('a VRT whose sources lie in its folder gives their pixels, however many lie in one another', async () => {
    raster('own/a.tif');
    raster('own/below/b.tif');
    put('own/below/inner.vrt', vrt(simple('b.tif')));
    const nested = vrt(simple('below/inner.vrt'));
    expect(await imported(put('own/flat.vrt', vrt(simple('a.tif'))))).toEqual(ALL);
    expect(await imported(put('own/nested.vrt', nested))).toEqual(ALL);
    const absolute = put('own/absolute.vrt', vrt(simple(join(folder, 'own/a.tif'), 0)));
    expect(await imported(absolute)).toEqual(ALL);
  });

  test('VRTs that GDAL itself writes are taken: mosaics, warped ones, raw ones', async () => {
    const gdal = loadGdal();
    const from = raster('own/a.tif');
    const file = gdal.open(from);
    gdal
      .translate(join(folder, 'own/translated.vrt'), file, ['-of', 'VRT', '-a_nodata', '0'])
      .close();
    gdal.buildVRT(join(folder, 'own/mosaic.vrt'), [file]).close();
    gdal
      .warp(
        join(folder, 'own/warped.vrt'),
        null,
        [file],
        ['-of', 'VRT', '-t_srs', 'EPSG:3413', '-tr', '10', '10', '-te', '0', '0', '40', '40'],
      )
      .close();
    file.close();
    for (const name of ['translated', 'mosaic', 'warped'])
      expect([name, await imported(join(folder, `own/${name}.vrt`))]).toEqual([name, ALL]);
    writeFileSync(join(folder, 'own/raw.bin'), Uint8Array.from(ALL));
    const raw =
      '<SourceFilename relativeToVRT="1">raw.bin</SourceFilename><ImageOffset>0</ImageOffset><PixelOffset>1</PixelOffset><LineOffset>4</LineOffset>';
    const path = put('own/raw.vrt', vrt(raw, { band: 'subClass="VRTRawRasterBand"' }));
    expect(await imported(path)).toEqual(ALL);
  });

  test('a VRT that leads out of its folder is refused, and taken when it is trusted', async () => {
    raster('outside.tif');
    symlinkSync(join(folder, 'outside.tif'), join(folder, 'own/link.tif'));
    await expectRefused(put('own/up.vrt', vrt(simple('../outside.tif'))), /own folder/);
    await expectRefused(put('own/link.vrt', vrt(simple('link.tif'))), /own folder/);
    await expectRefused(
      put('own/abs.vrt', vrt(simple(join(folder, 'outside.tif'), 0))),
      /own folder/,
    );
    put('own/below/inner.vrt', vrt(simple('../../outside.tif')));
    const nested = put('own/nested.vrt', vrt(simple('below/inner.vrt')));
    expect(() => inspectRaster(nested)).toThrow(/inner\.vrt.*\.\.\/\.\.\/outside\.tif/);
    expect(await imported(join(folder, 'own/up.vrt'), true)).toEqual(ALL);
    const { width } = await readGeoBox(join(folder, 'own/up.vrt'), { pool, trustInputs: true });
    expect(width).toBe(4);
  });

  test('a raw VRT over any other file of this machine is refused', async () => {
    const raw =
      '<SourceFilename relativeToVRT="0">/etc/passwd</SourceFilename><ImageOffset>0</ImageOffset><PixelOffset>1</PixelOffset><LineOffset>4</LineOffset>';
    const band = 'subClass="VRTRawRasterBand"';
    await expectRefused(put('own/passwd.vrt', vrt(raw, { band })), /own folder/);
    // GDAL reads names in any case, and text that is no XML; what it gets is written anew.
    const odd = raw.replaceAll('SourceFilename', 'SOURCEFILENAME');
    await expectRefused(
      put('own/case.vrt', vrt(odd, { band: 'SUBCLASS="vrtrawrasterband"' })),
      /own folder|sources/,
    );
    await expectRefused(
      put('own/odd.vrt', vrt(raw, { band: 'subClass=VRTRawRasterBand' })),
      /well-formed XML/,
    );
  });

  test.each([
    ['a source on the network', () => vrt(simple(`/vsicurl/${url}/a.tif`, 0))],
    ['a service', () => vrt(simple(`${url}/a.tif`, 0))],
    ['an inline VRT', () => vrt(simple('&lt;VRTDataset/&gt;', 0))],
    ['a connection', () => vrt(simple('NETCDF:a.nc:b', 0))],
    ['a CRS by its address', () => vrt('', { srs: `${url}/crs` })],
    [
      'a function in Python',
      () =>
        vrt(
          '<PixelFunctionType>f</PixelFunctionType><PixelFunctionLanguage>Python</PixelFunctionLanguage><PixelFunctionCode>def f(): pass</PixelFunctionCode>',
          { band: 'subClass="VRTDerivedRasterBand"' },
        ),
    ],
    ['a document type', () => `<!DOCTYPE VRTDataset SYSTEM "${url}/x.dtd">${vrt('')}`],
    [
      'overviews elsewhere',
      () =>
        vrt('').replace(
          '<SRS>',
          `<Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">/vsicurl/${url}/o.tif</MDI></Metadata><SRS>`,
        ),
    ],
    [
      'options for its sources',
      () => vrt(simple('a.tif', 1, `<OpenOptions><OOI key="USERNAME">${url}</OOI></OpenOptions>`)),
    ],
  ])('a VRT with %s is refused, and nobody is asked', async (_, content) => {
    raster('own/a.tif');
    await expectRefused(put('own/bad.vrt', content()), /the VRT .*bad\.vrt|"a VRTDataset"/);
  });

  test('a VRT over a file that is no raster of its own is refused', async () => {
    const service = `<GDAL_WMS><Service name="WMS"><ServerUrl>${url}/?</ServerUrl></Service></GDAL_WMS>`;
    put('own/service.xml', service);
    await expectRefused(
      put('own/over-service.vrt', vrt(simple('service.xml'))),
      /sources that are GeoTIFF/,
    );
    put('own/hidden.img', `GRIB${service}`);
    await expectRefused(
      put('own/over-hidden.vrt', vrt(simple('hidden.img'))),
      /sources that are GeoTIFF/,
    );
  });

  test('VRTs that contain themselves, or one another without end, are refused', async () => {
    await expectRefused(put('own/self.vrt', vrt(simple('self.vrt'))), /at most 5 VRTs/);
  });

  test.each([
    [
      'WMS',
      () =>
        `<GDAL_WMS><Service name="WMS"><ServerUrl>${url}/wms?</ServerUrl><Layers>a</Layers></Service><DataWindow><UpperLeftX>-180</UpperLeftX><UpperLeftY>90</UpperLeftY><LowerRightX>180</LowerRightX><LowerRightY>-90</LowerRightY><SizeX>8</SizeX><SizeY>4</SizeY></DataWindow><BandsCount>1</BandsCount></GDAL_WMS>`,
    ],
    [
      'WCS',
      () =>
        `<WCS_GDAL><ServiceURL>${url}/wcs?</ServiceURL><CoverageName>a</CoverageName></WCS_GDAL>`,
    ],
    ['WMTS', () => `<GDAL_WMTS><GetCapabilitiesUrl>${url}/wmts</GetCapabilitiesUrl></GDAL_WMTS>`],
    [
      'ERS',
      () =>
        `DatasetHeader Begin\n\tVersion = "6.0"\n\tDataFile = "/etc/passwd"\nRasterInfo Begin\nCellType = Unsigned8BitInteger\nNrOfLines = 4\nNrOfCellsPerLine = 4\nNrOfBands = 1\nRasterInfo End\nDatasetHeader End\n`,
    ],
    [
      'PDS',
      () =>
        `PDS_VERSION_ID = PDS3\nRECORD_BYTES = 4\n^IMAGE = "/etc/passwd"\nOBJECT = IMAGE\nLINES = 4\nLINE_SAMPLES = 4\nSAMPLE_BITS = 8\nSAMPLE_TYPE = UNSIGNED_INTEGER\nEND_OBJECT\nEND\n`,
    ],
    [
      'STACTA',
      () =>
        `{"type":"Feature","stac_version":"1.0.0","stac_extensions":["https://stac-extensions.github.io/tiled-assets/v1.0.0/schema.json"],"asset_templates":{"bands":{"href":"${url}/{TileMatrix}/{TileRow}/{TileCol}.tif"}}}`,
    ],
    [
      'MRF',
      () =>
        `<MRF_META><CachedSource><Source>${url}/a.tif</Source></CachedSource><Raster><Size x="4" y="4" c="1"/></Raster></MRF_META>`,
    ],
  ])('a description in the format %s, which leads elsewhere, is refused', async (_, content) => {
    await expectRefused(put('own/service.txt', content()), /which is none of|service\.txt/);
  });

  test('overviews and masks beside a raster that lead elsewhere are refused', async () => {
    for (const suffix of ['ovr', 'msk']) {
      const path = raster(`own/with-${suffix}.tif`);
      put(`own/with-${suffix}.tif.${suffix}`, vrt(simple(`/vsicurl/${url}/a.tif`, 0)));
      expect(() => inspectRaster(path)).toThrow(new RegExp(`with-${suffix}\\.tif\\.${suffix}`));
    }
    const named = raster('own/named.tif', { OVERVIEW_FILE: `/vsicurl/${url}/o.tif` });
    await expectRefused(named, /no overviews elsewhere/);
    expect(Atomics.load(connections, 0)).toBe(0);
  });

  test('names of services and of network drives are no files', async () => {
    for (const name of [
      `/vsicurl/${url}/a.tif`,
      `${url}/a.tif`,
      `WMS:${url}/a.tif`,
      `NETCDF:"${url}/a.tif":a.tif`,
      `/vsizip/vsicurl/${url}/a.tif`,
      'MEM:::DATAPOINTER=1,PIXELS=4/a.tif',
      'DERIVED_SUBDATASET:AMPLITUDE:a.tif',
    ])
      await expectRefused(name, /an existing raster file/);
  });

  test('a pipe, a socket and a device are refused, and as sources of a trusted VRT too', async () => {
    const { execFileSync } = await import('node:child_process');
    execFileSync('mkfifo', [join(folder, 'own/pipe.tif')]);
    await expectRefused(join(folder, 'own/pipe.tif'), /a pipe, a socket or a device/);
    await expectRefused('/dev/zero', /a pipe, a socket or a device/);
    const over = put('own/over.vrt', vrt(simple('pipe.tif')));
    await expectRefused(over, /files as sources/);
    expect(() => inspectRaster(over, { trustInputs: true })).toThrow(/pipe\.tif.*a pipe/);
  });

  test('a folder of the loopback server with a VRT out of it is refused', async () => {
    raster('outside.tif');
    put('own/up.vrt', vrt(simple('../outside.tif')));
    put(
      'own/manifest.json',
      JSON.stringify({
        assets: [{ id: 'a', type: 'IMAGE', images: [{ file: 'up.vrt', bands: ['v'] }] }],
      }),
    );
    await expect(startLoopback({ folder: join(folder, 'own') })).rejects.toThrow(/own folder/);
  });
});

describe('regions', () => {
  const collection = (crs: string) =>
    `{"type":"FeatureCollection",${crs}"features":[{"type":"Feature","properties":{"crs":"a"},"geometry":{"type":"Point","coordinates":[1,2]}}]}`;

  test.each([
    ['a link', () => `"crs":{"type":"link","properties":{"href":"${url}/crs","type":"ogcwkt"}},`],
    [
      'an escaped link',
      () => `"\\u0063rs":{"type":"l\\u0069nk","properties":{"h\\u0072ef":"${url}/crs"}},`,
    ],
    [
      'a link in single quotes',
      () => `'crs' /* here */ : {'type':'link','properties':{'href':'${url}/crs'}},`,
    ],
    ['an address for a name', () => `"crs":{"type":"name","properties":{"name":"${url}/crs"}},`],
  ])('GeoJSON whose CRS is %s is refused, and nobody is asked', async (_, crs) => {
    const before = Atomics.load(connections, 0);
    await expect(readRoi(put('link.geojson', collection(crs())))).rejects.toThrow(
      /link\.geojson.*CRS|CRS.*link\.geojson/,
    );
    // Where it stands in the file, and how large that is, changes nothing.
    const late = `{"type":"FeatureCollection","pad":"${'x'.repeat(2_100_000)}",${collection(crs()).slice(28)}`;
    await expect(readRoi(put('late.geojson', late))).rejects.toThrow(/late\.geojson/);
    expect(Atomics.load(connections, 0) - before).toBe(0);
  });

  test('GeoJSON whose CRS has a name is taken, a property of that name too', async () => {
    for (const crs of [
      '',
      '"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:OGC:1.3:CRS84"}},',
      '"crs":{"type":"name","properties":{"name":"http://www.opengis.net/def/crs/EPSG/0/4326"}},',
    ])
      expect((await readRoi(put('named.geojson', collection(crs)))).type).toBe('FeatureCollection');
  });

  test.each([
    ['WFS', () => `<OGRWFSDataSource><URL>${url}/wfs</URL></OGRWFSDataSource>`],
    [
      'OGR-VRT',
      () =>
        `<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>${url}/a.geojson</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>`,
    ],
    ['CSW', () => `<OGRCSWDataSource><URL>${url}/csw</URL></OGRCSWDataSource>`],
  ])('a description in the format %s is refused, and nobody is asked', async (_, content) => {
    const before = Atomics.load(connections, 0);
    const path = put('service.xml', content());
    await expect(readRoi(path)).rejects.toThrow(/service\.xml/);
    expect(Atomics.load(connections, 0) - before).toBe(0);
  });

  test('a trusted OGR-VRT is read', async () => {
    put('a.geojson', collection(''));
    const path = put(
      'over.vrt',
      `<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource relativeToVRT="1">a.geojson</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>`,
    );
    await expect(readRoi(path)).rejects.toThrow(/over\.vrt/);
    expect((await readRoi(path, { trustInputs: true })).type).toBe('FeatureCollection');
  });
});
