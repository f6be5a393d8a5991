import { vi } from 'vitest';
import { LentMemory } from '../../../src/raster/lent-memory.js';

/** From now on: what is lent at the moment, and the most that was at any one. Ends with `vi.restoreAllMocks`. */
export function countLoans(): { readonly now: number; readonly most: number } {
  const lent = new Set<ArrayBufferLike>();
  let most = 0;
  const { lend, giveBack } = LentMemory.prototype;
  vi.spyOn(LentMemory.prototype, 'lend').mockImplementation(function (this: LentMemory, length) {
    const bytes = lend.call(this, length);
    lent.add(bytes.buffer);
    most = Math.max(most, lent.size);
    return bytes;
  });
  vi.spyOn(LentMemory.prototype, 'giveBack').mockImplementation(function (this: LentMemory, bytes) {
    lent.delete(bytes.buffer);
    giveBack.call(this, bytes);
  });
  return {
    get now() {
      return lent.size;
    },
    get most() {
      return most;
    },
  };
}
