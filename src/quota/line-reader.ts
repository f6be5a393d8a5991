import { MAX_LINE } from './messages.js';

/** Takes pieces of a stream, gives whole lines; never keeps more than one line may have. */
export class LineReader {
  #rest = '';

  /** @returns `undefined` where a line is longer than any message. */
  read(piece: Buffer): string[] | undefined {
    const lines = (this.#rest + piece.toString('utf8')).split('\n');
    this.#rest = lines.pop() ?? '';
    return this.#rest.length > MAX_LINE || lines.some((line) => line.length > MAX_LINE)
      ? undefined
      : lines;
  }
}
