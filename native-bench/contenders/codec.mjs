/**
 * A process of its own that compresses arrays by several libbloscs, in turn; see tasks/codecs.mjs. What takes
 * long is timed once, what is small several times over, always as processor time of this one thread.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';

/** Bytes that are compressed at least before a clock of microseconds is looked at again. */
const ENOUGH = 8e6;
const SHUFFLES = { noshuffle: 0, shuffle: 1, bitshuffle: 2 };
const addons = new Map();

process.on('message', (task) => {
  try {
    process.send({ value: ACTIONS[task.action](task) });
  } catch (error) {
    process.send({ error: error instanceof Error ? error.stack : String(error) });
  }
});
process.on('disconnect', () => process.exit(0));

const ACTIONS = { describe, measure };

function describe({ files }) {
  return files.map((file) => {
    const { version, compressors } = addonOf(file);
    return { version, compressors };
  });
}

function addonOf(file) {
  if (!addons.has(file)) {
    const module = { exports: {} };
    process.dlopen(module, file, constants.dlopen.RTLD_NOW);
    addons.set(file, module.exports);
  }
  return addons.get(file);
}

/** One round of one codec. `keep` is where the frame goes. */
function measure({ file, path, codec, keep }) {
  const { compressInto, decompress } = addonOf(file);
  const bytes = new Uint8Array(readFileSync(path));
  const room = new Uint8Array(bytes.length + 16);
  const back = new Uint8Array(bytes.length);
  const { typesize, shuffle, cname, clevel, blocksize = 0 } = codec;
  const encode = () =>
    compressInto(bytes, typesize, SHUFFLES[shuffle], cname, clevel, blocksize, room);
  // Touches all memory, so that no page fault is timed.
  const frame = room.slice(0, encode());
  decompress(frame, back);
  if (Buffer.compare(bytes, back) !== 0)
    throw new Error(`${cname} ${clevel} gives other bytes back`);
  if (keep !== undefined) writeFileSync(keep, frame);
  return {
    encodeMs: timed(encode, bytes.length),
    decodeMs: timed(() => decompress(frame, back), bytes.length),
    bytes: frame.length,
  };
}

function timed(work, length) {
  const times = Math.ceil(ENOUGH / length);
  const before = process.cpuUsage();
  for (let i = 0; i < times; i++) work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / times;
}
