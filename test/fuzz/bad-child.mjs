/** Answers as child.mjs does, but ends each input as its id says: to see that the campaign notices. */
const held = [];

process.on('message', ({ kernel, tile }) => {
  if (kernel === 'settle') {
    process.send({
      resident: process.memoryUsage.rss(),
      peak: process.resourceUsage().maxRSS * 1024,
    });
    return;
  }
  const chunks = [{ band: 0, counts: { valid: 6, filled: 0, empty: 0 } }];
  const good = { kind: 'tile', tile: { ...tile, state: 'encoded', chunks, isEmpty: true } };
  const answer = (ending, leftovers = []) => process.send({ ending, leftovers });
  switch (tile.id) {
    case 'crash':
      return process.kill(process.pid, 'SIGSEGV');
    case 'late-crash':
      answer(good);
      return setImmediate(() => process.kill(process.pid, 'SIGSEGV'));
    case 'throw':
      throw new Error('outside every promise');
    case 'hang':
      for (;;);
    case 'bare-error':
      return answer({
        kind: 'error',
        error: { tag: 'unexpected', message: 'x is not a function' },
      });
    case 'typed-error':
      return answer({ kind: 'error', error: { tag: 'raster', message: 'Expected a GeoTIFF' } });
    case 'wrong-counts':
      chunks[0].counts.filled = 1;
      return answer(good);
    case 'short-chunk':
      chunks[0].bytes = new Uint8Array(5);
      return answer({ ...good, tile: { ...good.tile, isEmpty: false } });
    case 'leftover':
      return answer(good, ['/vsimem/geocubes-1.tif']);
    case 'leak':
      held.push(Buffer.alloc(2 ** 20, 1));
      return answer(good);
    default:
      return answer(good);
  }
});
process.send({ ready: true });
