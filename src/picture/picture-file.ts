import { expected } from '../errors.js';

/** Kinds of files that pictures are written as. */
export const PICTURE_FORMATS = ['png', 'jpeg', 'webp'] as const;

export type PictureFormat = (typeof PICTURE_FORMATS)[number];

/**
 * Pixels on a side that the formats have room for: 16 bits less one in JPEG (ITU-T T.81, B.2.2), 14 bits less
 * one in lossy WebP (RFC 9649, 2.5), and what libvips draws.
 */
const LONGEST_SIDES: Readonly<Record<PictureFormat, number>> = {
  png: 10_000_000,
  jpeg: 65_500,
  webp: 16_383,
};

/** Of JPEG, which knows no transparency: where there is no value. */
const PAPER = { r: 255, g: 255, b: 255 };

/** Above sharp's 80: colours are read from these pictures. */
const QUALITY = 90;

export interface RawPicture {
  readonly width: number;
  readonly height: number;
  /** [y, x, channel]: red, green, blue, alpha. */
  readonly rgba: Uint8Array;
}

export interface PictureFileOptions {
  readonly format: PictureFormat;
  /** Of the file, where that is smaller than the picture. */
  readonly size?: { readonly width: number; readonly height: number } | undefined;
  /** Makes no colours that the picture does not have. */
  readonly isExact?: boolean;
}

/** @throws {InvalidInputError} where the format has no room for so many pixels. */
export async function encodePicture(
  { width, height, rgba }: RawPicture,
  { format, size = { width, height }, isExact = false }: PictureFileOptions,
): Promise<Buffer> {
  const most = LONGEST_SIDES[format];
  if (Math.max(size.width, size.height) > most)
    throw expected(
      `at most ${most} pixels on a side`,
      `a picture of the format ${format}`,
      `${size.width} x ${size.height}`,
    );
  const { default: sharp } = await import('sharp');
  const image = sharp(rgba, { raw: { width, height, channels: 4 }, limitInputPixels: false });
  // sharp multiplies colours by alpha before it averages, and divides again after.
  const reduced =
    size.width === width && size.height === height
      ? image
      : image.resize({ ...size, fit: 'fill', kernel: isExact ? 'nearest' : 'linear' });
  if (format === 'png') return reduced.png().toBuffer();
  if (format === 'webp') return reduced.webp({ quality: QUALITY }).toBuffer();
  return reduced
    .flatten({ background: PAPER })
    .jpeg({ quality: QUALITY, chromaSubsampling: '4:4:4' })
    .toBuffer();
}
