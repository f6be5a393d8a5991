/** What came back, as answers that can be judged. */
import type { GeoBoxRecord } from '../../grid/geobox.js';
import type { WorkType } from '../../raster/dtype.js';
import { openTiff } from '../../raster/open-tiff.js';
import { checkReply } from '../check-reply.js';
import { errorOfReply } from '../reply-errors.js';
import { isNpy, readNpy } from './npy.js';
import type { Answer, Ask, Raster } from './probe.js';
import type { Exchange } from './send.js';
import { tiffTags } from './tiff-tags.js';

/** @param exchange what came, or why nothing did */
export async function answerOf(ask: Ask, exchange: Exchange | string): Promise<Answer> {
  if (typeof exchange === 'string') return { kind: 'none', reason: exchange };
  const { status, headers, bytes } = exchange;
  const contentType = headers['content-type'] ?? '';
  const text = () => Buffer.from(bytes).toString('utf8');
  if (status !== 200 || (ask.kind === 'pixels' && contentType.includes('json'))) {
    const error = errorOfReply(status, text());
    return {
      kind: 'refusal',
      status: error.status ?? status,
      message: ownWords(text()) ?? error.message,
      taken: error.kind,
    };
  }
  if (ask.kind !== 'pixels') return jsonOf(text(), bytes.length);
  const mismatch =
    ask.takes === undefined
      ? undefined
      : await mismatchOf(bytes, contentType, ask.geobox, ask.takes);
  return {
    kind: 'pixels',
    contentType,
    contentEncoding: headers['content-encoding'],
    tags: isNpy(bytes) ? [] : tiffTags(bytes),
    raster: await decode(bytes, contentType).catch(
      (cause: unknown) =>
        `${contentType}, which cannot be decoded: ${cause instanceof Error ? cause.message : cause}`,
    ),
    ...(mismatch === undefined ? {} : { mismatch }),
  };
}

function jsonOf(text: string, bytes: number): Answer {
  try {
    return { kind: 'json', value: JSON.parse(text), bytes };
  } catch {
    return { kind: 'refusal', status: 200, message: 'a reply that is no JSON', taken: 'other' };
  }
}

/** The service's message, which our own errors wrap. */
function ownWords(text: string): string | undefined {
  try {
    const message: unknown = JSON.parse(text)?.error?.message;
    return typeof message === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
}

async function mismatchOf(
  bytes: Uint8Array,
  contentType: string,
  geobox: GeoBoxRecord,
  { bands, dtype }: { readonly bands: number; readonly dtype: WorkType },
): Promise<string | undefined> {
  const [height, width] = geobox.shape;
  const request = {
    geobox,
    window: { row: 0, col: 0, height, width },
    bands: Array.from({ length: bands }, (_, band) => band),
    bytes: 0,
  };
  try {
    await checkReply({ contentType, bytes }, { request, bands, dtype });
    return undefined;
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
}

async function decode(bytes: Uint8Array, contentType: string): Promise<Raster> {
  if (isNpy(bytes)) return readNpy(bytes);
  const image = await (await openTiff(bytes)).getImage();
  const rasters = await image.readRasters();
  const names = Array.from(rasters, (_, band) => String(band + 1));
  if (names.length === 0) throw new Error(`no bands in ${contentType}`);
  return {
    format: 'GeoTIFF',
    width: image.getWidth(),
    height: image.getHeight(),
    names,
    dtypes: names.map((_, band) =>
      dtypeOf(image.getSampleFormat(band), image.getBitsPerSample(band)),
    ),
    bands: Array.from(rasters as Iterable<ArrayLike<number>>),
  };
}

function dtypeOf(format: number, bits: number): string {
  const kind = { 1: 'u', 2: 'i', 3: 'f' }[format] ?? '?';
  return `${bits === 8 ? '|' : '<'}${kind}${bits / 8}`;
}
