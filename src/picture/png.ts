import { InvalidInputError } from '../errors.js';

/** Draws an SVG document as a PNG, as large as the document says it is. @throws {InvalidInputError} for another text. */
export async function renderPng(svg: string): Promise<Buffer> {
  const { default: sharp } = await import('sharp');
  try {
    return await sharp(Buffer.from(svg)).png({ compressionLevel: 9 }).toBuffer();
  } catch (cause) {
    throw new InvalidInputError(
      `Expected an SVG document to draw but received another text: ${(cause as Error).message.split('\n')[0]}`,
      { cause },
    );
  }
}
