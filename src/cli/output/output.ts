import { writeOut } from './terminal.js';

/** Gathers small pieces of a long output: each write costs a call of the system. */
export class OutputBuffer {
  #pieces: string[] = [];
  #length = 0;

  async write(text: string): Promise<void> {
    this.#pieces.push(text);
    this.#length += text.length;
    if (this.#length >= FULL) await this.flush();
  }

  async flush(): Promise<void> {
    const text = this.#pieces.join('');
    this.#pieces = [];
    this.#length = 0;
    if (text !== '') await writeOut(text);
  }
}

const FULL = 64 * 1024;
