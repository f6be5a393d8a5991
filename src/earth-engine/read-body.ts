import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { EarthEngineError } from '../errors.js';
import type { LentMemory } from '../raster/lent-memory.js';
import { readAtMost } from '../raster/read-at-most.js';

/** An error is a few hundred bytes; what is longer is somebody's page, of which the start tells enough. */
export const MAX_ERROR_BYTES = 64 * 1024;

/** Replies without pixels: the list of functions, the longest, has 0.8 MB. */
export const MAX_METADATA_BYTES = 16 * 1024 ** 2;

/**
 * Reads a body into memory lent by `memory`: where its length was announced, as the bytes come, so that
 * no byte of a large reply lies in memory twice. Of a body that is longer than `maxBytes` no more is read,
 * and nothing where that was announced: the connection is dropped.
 *
 * @param announced what the header `content-length` says
 * @throws {EarthEngineError} of kind `transient` where it is too long; else what the stream fails with. Nothing
 * stays lent then.
 */
export async function readBody(
  body: Readable,
  announced: string | string[] | undefined,
  memory: LentMemory,
  maxBytes: number,
): Promise<Uint8Array> {
  const length = Number(announced ?? Number.NaN);
  if (!(Number.isInteger(length) && length >= 0)) return readUnknown(body, memory, maxBytes);
  if (length > maxBytes) {
    body.on('error', () => {}).destroy();
    throw tooLong(maxBytes, `one of ${length}`);
  }
  return readKnown(body, length, memory);
}

/** The same without memory to lend, for replies that hold no pixels. */
export async function readMetadata(body: Readable): Promise<Uint8Array> {
  const { bytes, isCut } = await readAtMost(body, MAX_METADATA_BYTES);
  if (isCut) throw tooLong(MAX_METADATA_BYTES, 'more');
  return new Uint8Array(bytes);
}

/** The start of an error's body, as text. */
export async function readErrorBody(body: Readable): Promise<string> {
  return (await readAtMost(body, MAX_ERROR_BYTES)).bytes.toString('utf8');
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

async function readUnknown(
  body: Readable,
  memory: LentMemory,
  maxBytes: number,
): Promise<Uint8Array> {
  const { bytes: received, isCut } = await readAtMost(body, maxBytes);
  if (isCut) throw tooLong(maxBytes, 'more');
  const bytes = memory.lend(received.length);
  bytes.set(received);
  return bytes;
}

function tooLong(maxBytes: number, received: string): EarthEngineError {
  return new EarthEngineError(
    'transient',
    `Expected at most ${maxBytes} bytes for the reply but received ${received}.`,
    200,
    { mismatch: `longer than ${maxBytes} bytes: ${received}` },
  );
}
