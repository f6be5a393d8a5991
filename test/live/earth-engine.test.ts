/**
 * The assumptions of src/earth-engine/README.md, "To confirm against the live service", each with one
 * small request or two: GEOCUBES_LIVE=1 npx vitest run --config test/vitest.config.ts test/live
 *
 * Not here: the status of "Too many concurrent aggregations" and of a time-out, which only an overload shows.
 */
import { afterAll, beforeAll, expect, type TestContext, test } from 'vitest';
import { presetDataset } from '../../src/dataset/presets.js';
import { AdaptiveLimiter } from '../../src/earth-engine/adaptive-limiter.js';
import { assetName } from '../../src/earth-engine/asset-name.js';
import { EarthEngineClient } from '../../src/earth-engine/client.js';
import { isGoogle } from '../../src/earth-engine/credentials/key.js';
import {
  type Credentials,
  findCredentials,
  READ_ONLY,
} from '../../src/earth-engine/credentials.js';
import {
  type Expression,
  requestExpression,
} from '../../src/earth-engine/expressions/expression.js';
import { buildExpression } from '../../src/earth-engine/expressions/official-client.js';
import { earthEngineSource } from '../../src/earth-engine/source.js';
import type { GeoBoxRecord } from '../../src/grid/geobox.js';
import { readTiff, toPixelGrid, windowAt } from '../unit/loopback/support.js';
import { ENDPOINT, reasonToSkip } from './account.js';

const DATASET = presetDataset('TCTrend');
const ALL_BANDS = [0, 1, 2];

/** Coast of the Lena delta: land, sea and small gaps. */
const COAST = windowAt(126, 73.5, 512);
/** The middle of the Pacific: inside no image's footprint. */
const OCEAN = windowAt(-150, 35, 32);

const reason = reasonToSkip();

function live(claim: string, check: (context: TestContext) => Promise<void>): void {
  if (reason === undefined) test(claim, check, 120_000);
  else test.skip(`${claim} (skipped: ${reason})`);
}

let credentials: Credentials;
let client: EarthEngineClient;
beforeAll(async () => {
  if (reason !== undefined) return;
  credentials = await findCredentials({ endpoint: ENDPOINT });
  client = new EarthEngineClient(ENDPOINT, credentials, new AdaptiveLimiter());
});
afterAll(() => client?.close());

async function compute(expression: Expression, geobox: GeoBoxRecord) {
  const { bytes, contentType } = await client.send({
    method: 'POST',
    path: `/v1/projects/${client.project}/image:computePixels`,
    body: { expression, fileFormat: 'GEO_TIFF', grid: toPixelGrid(geobox) },
  });
  return { ...readTiff(bytes), contentType };
}

type Node = Readonly<Record<string, unknown>>;
const call = (functionName: string, args: Readonly<Record<string, Node>>): Node => ({
  functionInvocationValue: { functionName, arguments: args },
});

/** The first band of the mosaic, and its values where `change` has its way with them. */
function firstBand(change: (band: Node) => Node): Expression {
  const mosaic = call('ImageCollection.mosaic', {
    collection: call('ImageCollection.load', {
      id: { constantValue: DATASET.source.kind === 'collection' ? DATASET.source.id : '' },
    }),
  });
  const band = call('Image.select', {
    input: mosaic,
    bandSelectors: { constantValue: [DATASET.bands[0]?.name] },
  });
  return { result: '0', values: { 0: change(band) } };
}

const validity = (band: Node): Node =>
  call('Image.gt', {
    image1: call('Image.unmask', {
      input: call('Image.mask', { image: band }),
      value: call('Image.constant', { value: { constantValue: 0 } }),
      sameFootprint: { constantValue: false },
    }),
    image2: call('Image.constant', { value: { constantValue: 0 } }),
  });

const [asUint8, asFloat] = (['Image.toUint8', 'Image.toFloat'] as const).map(
  (cast) => (value: Node) => call(cast, { value }),
) as [(value: Node) => Node, (value: Node) => Node];

live(
  'computePixels answers a GeoTIFF of the requested size, type, transform and CRS, which GDAL reads',
  async () => {
    const source = earthEngineSource(DATASET, { endpoint: ENDPOINT, credentials });
    try {
      const { parts } = await source.fetch({
        state: 'planned',
        id: '0-0',
        index: { row: 0, col: 0 },
        geobox: COAST,
        requests: source.planRequests(COAST),
      });
      const tiff = readTiff(parts[0]?.bytes ?? new Uint8Array());
      const [scaleX, shearX, x, shearY, scaleY, y] = COAST.affine;
      for (const [i, wanted] of [x, scaleX, shearX, y, shearY, scaleY].entries())
        expect(tiff.geoTransform[i]).toBeCloseTo(wanted, 9);
      expect(tiff.types).toEqual(['Byte', 'Byte', 'Byte', 'Byte']);
      expect(tiff.wkt).toContain('4326');
    } finally {
      await source.close();
    }
  },
);

live('masked pixels of computePixels are encoded as zero', async () => {
  const plain = await compute(requestExpression(DATASET, ALL_BANDS, { kind: 'file' }), COAST);
  const { bands } = await compute(requestExpression(DATASET, ALL_BANDS, { kind: 'bits' }), COAST);
  const bits = bands[3] ?? [];
  const masked = Array.from(bits, (byte, i) => ((byte & 1) === 0 ? plain.bands[0]?.[i] : 0));
  expect(masked.some((_, i) => bits[i] === 0)).toBe(true);
  expect(new Set(masked)).toEqual(new Set([0]));
});

live(
  'outside every footprint Image.mask can be unmasked with 0, and the reply is all masked',
  async () => {
    const { bands } = await compute(requestExpression(DATASET, ALL_BANDS, { kind: 'bits' }), OCEAN);
    expect(bands).toHaveLength(4);
    expect(new Set(bands[3])).toEqual(new Set([0]));
  },
);

live('casts keep masks', async () => {
  const wanted = await compute(
    firstBand((band) => asUint8(validity(band))),
    COAST,
  );
  expect(new Set(wanted.bands[0])).toEqual(new Set([0, 1]));
  for (const cast of [asUint8, asFloat]) {
    const after = await compute(
      firstBand((band) => asUint8(validity(cast(band)))),
      COAST,
    );
    expect(after.bands).toEqual(wanted.bands);
  }
});

live('GET of a collection needs no more than read permission', async () => {
  const id = DATASET.source.kind === 'collection' ? DATASET.source.id : '';
  const { bytes } = await client.send({ method: 'GET', path: `/v1/${assetName(id)}` });
  expect(JSON.parse(Buffer.from(bytes).toString())).toMatchObject({ type: 'IMAGE_COLLECTION' });
});

live('the official client initialises, and its expression gives pixels', async () => {
  const expression = await buildExpression((ee) => ee.Image(7).toUint8(), {
    endpoint: ENDPOINT,
    credentials,
  });
  const { bands } = await compute(expression, OCEAN);
  expect(new Set(bands[0])).toEqual(new Set([7]));
});

live(
  'earthengine.readonly suffices for computePixels, with x-goog-user-project',
  async ({ skip }) => {
    skip(!isGoogle(ENDPOINT), `${ENDPOINT} knows no scopes`);
    const { authorization = '', 'x-goog-user-project': project } = await credentials.headers();
    expect(project).toBe(credentials.project);
    const reply = await fetch('https://oauth2.googleapis.com/tokeninfo', {
      method: 'POST',
      body: new URLSearchParams({ access_token: authorization.replace('Bearer ', '') }),
    });
    const { scope = '' } = (await reply.json()) as { scope?: string };
    skip(scope !== READ_ONLY.join(' '), "a login has its own scopes; use a service account's key");
    await compute(firstBand(asUint8), OCEAN);
  },
);
