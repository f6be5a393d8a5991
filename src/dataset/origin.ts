import { createHash } from 'node:crypto';
import type { Source } from './dataset.js';

/** What tiles were made of: stored in the cube with each of them. */
export interface Origin {
  /** An asset's id, `expression`, `files`; whatever a source of its own calls itself. */
  readonly name: string;
  /** SHA-256 of all that the dataset says of the source, in hexadecimal digits; absent where that is not all there is to know. */
  readonly hash?: string;
}

/** The origin of tiles that are fetched as a dataset says. */
export function originOf(source: Source): Origin {
  const name = 'id' in source && typeof source.id === 'string' ? source.id : source.kind;
  return { name, hash: createHash('sha256').update(JSON.stringify(source)).digest('hex') };
}
