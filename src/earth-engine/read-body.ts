import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { LentMemory } from '../raster/lent-memory.js';

/** A length that no reply with pixels has; memory is not set aside on such a word. */
const MAX_ANNOUNCED_BYTES = 512 * 1024 ** 2;

/**
 * Reads a body into memory lent by `memory`: where its length was announced, as the bytes come, so that
 * no byte of a large reply lies in memory twice.
 *
 * @param announced what the header `content-length` says
 * @throws what the stream fails with; nothing stays lent then
 */
export async function readBody(
  body: Readable,
  announced: string | string[] | undefined,
  memory: LentMemory,
): Promise<Uint8Array> {
  const length = Number(announced ?? Number.NaN);
  return Number.isInteger(length) && length >= 0 && length <= MAX_ANNOUNCED_BYTES
    ? readKnown(body, length, memory)
    : readUnknown(body, memory);
}

async function readKnown(body: Readable, length: number, memory: LentMemory): Promise<Uint8Array> {
  const bytes = memory.lend(length);
  let received = 0;
  body.on('data', (chunk: Buffer) => {
    if (received + chunk.length <= length) bytes.set(chunk, received);
    received += chunk.length;
  });
  try {
    await finished(body);
    if (received !== length)
      throw new Error(`Expected ${length} bytes for the reply but received ${received}.`);
    return bytes;
  } catch (error) {
    memory.giveBack(bytes);
    throw error;
  }
}

async function readUnknown(body: Readable, memory: LentMemory): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  body.on('data', (chunk: Buffer) => chunks.push(chunk));
  await finished(body);
  const bytes = memory.lend(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
