/** Assets from a folder of rasters, as its `manifest.json` describes them. */
import { readFileSync } from 'node:fs';
import { isAbsolute, join, parse, relative, resolve, sep } from 'node:path';
import { z } from 'zod';
import { expected } from '../../errors.js';
import { localPath } from '../../machine/local-path.js';
import type { Image } from '../image/image.js';
import type { Asset } from './catalogue.js';
import { RasterFile } from './raster-file.js';

const ManifestImage = z.strictObject({
  /** Path of the raster, relative to the manifest and inside its folder. */
  file: z.string().min(1),
  /** A name for each band of the file, in the file's order. */
  bands: z.array(z.string().min(1)).min(1),
  /** ISO 8601 date (UTC); becomes `system:time_start` and `system:time_end`. */
  start: z.iso
    .date()
    .or(z.iso.datetime({ offset: true }))
    .optional(),
  end: z.iso
    .date()
    .or(z.iso.datetime({ offset: true }))
    .optional(),
  /** When it was changed last, as ISO 8601 with a time; becomes `system:version`, in microseconds. */
  updated: z.iso.datetime({ offset: true }).optional(),
  /** Properties by which images are filtered. */
  properties: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
});

const ManifestAsset = z
  .strictObject({
    id: z.string().regex(/^[\w.-]+(\/[\w.-]+)*$/, 'an asset id such as users/demo/landsat'),
    type: z.enum(['IMAGE', 'IMAGE_COLLECTION']),
    images: z.array(ManifestImage).min(1),
  })
  .refine(({ type, images }) => type === 'IMAGE_COLLECTION' || images.length === 1, {
    error: 'an IMAGE has exactly one entry in images',
  });

const Manifest = z.strictObject({ assets: z.array(ManifestAsset) });

type ManifestImage = z.infer<typeof ManifestImage>;

export const MANIFEST = 'manifest.json';

/**
 * Reads the manifest and looks at each raster it names.
 *
 * @throws {InvalidInputError} when the manifest is absent or malformed, names a file outside of its
 * folder, or one that is no usable raster.
 */
export function readFolder(given: string): Asset[] {
  const folder = localPath(given, 'the folder of rasters');
  const path = join(folder, MANIFEST);
  const parsed = Manifest.safeParse(readJson(path));
  if (!parsed.success) {
    throw expected('a list of assets', `the manifest ${path}`, z.prettifyError(parsed.error));
  }
  return parsed.data.assets.map(({ id, type, images }): Asset => {
    const [first] = images;
    if (type === 'IMAGE' && first !== undefined) {
      return { type, id, image: toImage(id, parse(id).base, first, folder) };
    }
    const named = images.map((image) => [parse(image.file).name, image] as const);
    return {
      type: 'IMAGE_COLLECTION',
      id,
      images: named
        .map(([name, image]) => toImage(`${id}/${name}`, name, image, folder))
        .sort((one, other) => startOf(one) - startOf(other)),
    };
  });
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw expected('readable JSON', `the manifest ${path}`, String(cause));
  }
}

function startOf({ properties }: Image): number {
  return Number(properties['system:time_start'] ?? 0);
}

function toImage(id: string, index: string, manifest: ManifestImage, folder: string): Image {
  const file = RasterFile.open(inside(folder, manifest.file));
  const { start, end, updated, bands, properties } = manifest;
  if (bands.length !== file.bands.length) {
    throw expected(
      `${file.bands.length} band names`,
      `"${manifest.file}" of the manifest`,
      bands.join(', '),
    );
  }
  return {
    kind: 'Image',
    id,
    properties: {
      ...properties,
      'system:index': index,
      ...(start === undefined ? {} : { 'system:time_start': Date.parse(start) }),
      ...(end === undefined ? {} : { 'system:time_end': Date.parse(end) }),
      ...(updated === undefined ? {} : { 'system:version': 1000 * Date.parse(updated) }),
    },
    bands: file.bands.map((band, at) => ({ ...band, name: bands[at] ?? String(at) })),
  };
}

function inside(folder: string, file: string): string {
  const path = resolve(folder, file);
  const way = relative(resolve(folder), path);
  if (isAbsolute(file) || isAbsolute(way) || way === '..' || way.startsWith(`..${sep}`)) {
    throw expected('a path inside the folder of the manifest', 'an image file', file);
  }
  return path;
}
