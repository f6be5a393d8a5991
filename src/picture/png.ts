import { InvalidInputError } from '../errors.js';

/** Draws an SVG document as a PNG, as large as the document says it is. @throws {InvalidInputError} for another text, and for more pixels than sharp draws. */
export async function renderPng(svg: string): Promise<Buffer> {
  const { default: sharp } = await import('sharp');
  try {
    return await sharp(Buffer.from(svg)).png({ compressionLevel: 9 }).toBuffer();
  } catch (cause) {
    const isTooLarge = /exceeds pixel limit/.test((cause as Error).message);
    if (isTooLarge)
      throw new InvalidInputError(
        'Expected an SVG document of at most 268 million pixels to draw but received a larger one. Give it a smaller width and height.',
        { cause },
      );
    throw new InvalidInputError(
      `Expected an SVG document to draw but received another text: ${(cause as Error).message.split('\n')[0]}`,
      { cause },
    );
  }
}
