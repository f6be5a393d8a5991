import sharp from 'sharp';

/** Draws an SVG document as a PNG, as large as the document says it is. */
export async function renderPng(svg: string): Promise<Buffer> {
  return sharp(Buffer.from(svg)).png({ compressionLevel: 9 }).toBuffer();
}
