/** Images kept for download: what `getDownloadURL` of the clients makes, and its URL then gives. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Catalogue } from './assets/catalogue.js';
import { evaluateImage, type PixelLimits, type PixelReply, render } from './compute-pixels.js';
import { refuse } from './refusal.js';

/** Earth Engine's limits on one download. */
const DOWNLOAD_LIMITS: PixelLimits = { maxBytes: 33554432, maxSide: 10000, hasNodata: true };

/** Kept expressions, in bytes of JSON; the oldest go first. The service keeps them for some hours. */
const MAX_KEPT = 64 * 1024 * 1024;

const Thumbnail = z.strictObject({
  expression: z.unknown(),
  fileFormat: z.string().default('AUTO_JPEG_PNG'),
  bandIds: z.array(z.string()).default([]),
  /** For the names of files in archives, which are not written here. */
  filenamePrefix: z.string().nullish(),
  workloadTag: z.string().optional(),
});

type Thumbnail = z.infer<typeof Thumbnail>;

export class Thumbnails {
  readonly #kept = new Map<string, { thumbnail: Thumbnail; bytes: number }>();
  #bytes = 0;

  /** @returns the reply: its name, under which {@link getPixels} finds it. @throws {EarthEngineError} when it is refused. */
  create(project: string, body: unknown, catalogue: Catalogue): object {
    const parsed = Thumbnail.safeParse(body);
    if (!parsed.success) {
      throw refuse(`Invalid JSON payload received. ${z.prettifyError(parsed.error)}`);
    }
    // What cannot be evaluated is refused at once, as by the service.
    evaluateImage(parsed.data.expression, catalogue);
    const bytes = JSON.stringify(parsed.data).length;
    const name = `projects/${project}/thumbnails/${randomUUID().replaceAll('-', '')}`;
    this.#kept.set(name, { thumbnail: parsed.data, bytes });
    this.#bytes += bytes;
    for (const [oldest, entry] of this.#kept) {
      if (this.#bytes <= MAX_KEPT) break;
      this.#kept.delete(oldest);
      this.#bytes -= entry.bytes;
    }
    return { name };
  }

  /** @throws {EarthEngineError} when there is none of that name, or its pixels are refused. */
  getPixels(name: string, catalogue: Catalogue): PixelReply {
    const thumbnail = this.#kept.get(name)?.thumbnail;
    if (thumbnail === undefined) throw refuse(`Thumbnail '${name}' not found.`, 'not-found', 404);
    const image = evaluateImage(thumbnail.expression, catalogue);
    return render(image, { ...thumbnail, grid: undefined }, DOWNLOAD_LIMITS);
  }
}
