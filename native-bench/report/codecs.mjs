/** The part of the page on codecs: what was tried, and what it gave. */
import { median } from '../statistics.mjs';
import { number, percent, size, table } from './numbers.mjs';

export function codecs({ libraries, leftOut, rounds, cases }) {
  const names = new Map(libraries.map(({ id, name }) => [id, name]));
  const parts = cases.flatMap((entry) => {
    const usual = entry.tried.find(
      ({ choice, library }) => choice === 'default' && library === libraries[0]?.id,
    );
    const rows = entry.tried.map(({ codec, choice, library, samples }) => [
      nameOf(codec, choice),
      names.get(library) ?? library,
      ...['encodeMs', 'decodeMs'].map((key) =>
        number(entry.rawBytes / 1000 / median(samples.map((sample) => sample[key]))),
      ),
      samples[0].bytes.toLocaleString('en'),
      number(entry.rawBytes / samples[0].bytes),
      usual === undefined ? '' : percent(samples[0].bytes / usual.samples[0].bytes),
    ]);
    const head = ['encode, MB/s', 'decode, MB/s', 'bytes', 'ratio', 'size of the default'];
    return [
      `### ${entry.name}, ${size(entry.shape)} ${entry.dtype}`,
      table(['codec', 'libblosc', ...head], rows),
    ];
  });
  return [
    '## Codecs',
    `What was tried of Blosc, one band to one chunk and back, by the project's addon over each library (${libraries.map(({ name, version }) => `${name}: ${version}`).join('; ')}). The newer sources are those that come with numcodecs' source package. MB/s of pixels by processor time of one thread, median of ${rounds} rounds, slow levels once; what each codec wrote was decoded by numcodecs.js before it counted.${leftOut === undefined ? '' : ` Left out: a newer library, because ${leftOut}.`}`,
    ...parts,
  ].join('\n\n');
}

function nameOf({ cname, clevel, shuffle, blocksize = 0 }, choice) {
  const blocks = blocksize === 0 ? "libblosc's own blocks" : `blocks of ${blocksize / 1024} KiB`;
  return `${cname} ${clevel}, ${shuffle}, ${blocks}${choice === undefined ? '' : ` (**${choice}**)`}`;
}
