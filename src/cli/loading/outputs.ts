/** The files that `load` writes: what each is, by its name, and how it gets its place. */
import { rmSync } from 'node:fs';
import { lstat, writeFile } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { replaceFile } from '../../cube/read/work-folder.js';
import { expected } from '../../errors.js';
import { localPath } from '../../machine/local-path.js';
import { makeTemporaryFolder } from '../../machine/temporary.js';
import type { PictureFormat } from '../../picture/picture-file.js';
import { checkOutput } from '../options/output-file.js';
import { isTerminal, writeFileOut } from '../output/terminal.js';

/** Standard output, where a file is meant. */
export const STDOUT = '-';

type Kind = RasterKind | PictureFormat;

/** Files that hold the numbers themselves. */
export type RasterKind = 'geotiff' | 'zarr' | 'netcdf';

const KINDS: Readonly<Record<string, Kind>> = {
  '.tif': 'geotiff',
  '.tiff': 'geotiff',
  '.nc': 'netcdf',
  '.zarr': 'zarr',
  '.png': 'png',
  '.jpg': 'jpeg',
  '.jpeg': 'jpeg',
  '.webp': 'webp',
};

/** What `--format` may say of a file on standard output. */
export const STREAMED: Readonly<Record<string, Kind>> = {
  ...{ tif: 'geotiff', nc: 'netcdf', png: 'png', jpg: 'jpeg', webp: 'webp' },
};

export interface Output {
  readonly option: '--out' | '--png';
  /** As it was named. */
  readonly name: string;
  /** Where it is made. */
  readonly path: string;
  readonly kind: Kind;
}

export interface OutputOptions {
  readonly out?: string;
  readonly png?: string;
  readonly overwrite?: boolean;
  readonly format: string;
}

/** A parser of --out, which may be standard output. */
export function outputPath(text: string): string {
  return text === STDOUT ? STDOUT : localPath(text, '--out');
}

/** @throws {InvalidInputError} for a name that does not say what is wanted. */
export function kindsOf({ out, png, format }: OutputOptions): {
  readonly out?: Kind;
  readonly png?: Kind;
} {
  const streamed = STREAMED[format];
  if (streamed !== undefined && out !== STDOUT)
    throw expected('--out -', `--format ${format}`, out ?? 'none');
  const ofOut = out === STDOUT ? (streamed ?? 'geotiff') : out && kindOf(out, '--out', KINDS);
  const pictures = Object.fromEntries(Object.entries(KINDS).filter(([, kind]) => !isRaster(kind)));
  const ofPng = png && kindOf(png, '--png', pictures);
  return { ...(ofOut ? { out: ofOut } : {}), ...(ofPng ? { png: ofPng } : {}) };
}

export function isRaster(kind: string | undefined): kind is RasterKind {
  return kind === 'geotiff' || kind === 'zarr' || kind === 'netcdf';
}

function kindOf(file: string, option: string, kinds: Readonly<Record<string, Kind>>): Kind {
  const kind = kinds[extname(file).toLowerCase()];
  if (kind !== undefined) return kind;
  const why = /\.svg$/i.test(file) ? 'Pixels are no drawing: SVG is for --legend.' : undefined;
  throw expected(`a name that ends in ${listed(Object.keys(kinds))}`, option, file, why);
}

/** @throws {InvalidInputError} for another name, or a file that is there and may not be replaced. */
export async function checkLegend(
  file: string,
  options: Pick<OutputOptions, 'overwrite'>,
): Promise<void> {
  if (!/\.(?:svg|png)$/i.test(file))
    throw expected('a name that ends in .svg or .png', '--legend', file);
  await checkPlace(file, '--legend', options);
}

function listed(words: readonly string[]): string {
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

/** The outputs of one command, and the folder of what goes to standard output. */
export class Outputs {
  #folder: string | undefined;

  private constructor(
    readonly raster: Output | undefined,
    readonly pictures: readonly Output[],
  ) {}

  /**
   * Before anything is read.
   * @throws {InvalidInputError} where one cannot be written, or is there and may not be replaced.
   */
  static async check(options: OutputOptions): Promise<Outputs> {
    const kinds = kindsOf(options);
    const all: Output[] = [];
    let folder: string | undefined;
    for (const option of ['out', 'png'] as const) {
      const [name, kind] = [options[option], kinds[option]];
      if (name === undefined || kind === undefined) continue;
      const output = { option: `--${option}` as const, name, kind };
      if (name === STDOUT) {
        if (isTerminal())
          throw expected(
            'a file or a program that reads standard output',
            '--out -',
            'a terminal',
            'Write "> region.tif" or "| program" behind the command.',
          );
        folder = makeTemporaryFolder('geocubes-out-');
        all.push({ ...output, path: join(folder, `out.${kind === 'geotiff' ? 'tif' : kind}`) });
      } else {
        await checkPlace(name, output.option, options);
        all.push({ ...output, path: name });
      }
    }
    const [one, other] = all;
    if (one !== undefined && other !== undefined && resolve(one.path) === resolve(other.path))
      throw expected('two files', '--out and --png', one.name);
    const outputs = new Outputs(
      all.find(({ kind }) => isRaster(kind)),
      all.filter(({ kind }) => !isRaster(kind)),
    );
    outputs.#folder = folder;
    return outputs;
  }

  get all(): readonly Output[] {
    return [...(this.raster === undefined ? [] : [this.raster]), ...this.pictures];
  }

  /** Whether standard output is a file's, so that no word may go there. */
  get isStreamed(): boolean {
    return this.#folder !== undefined;
  }

  /** What was made for standard output, when all is whole. */
  async send(): Promise<void> {
    for (const { name, path } of this.all) if (name === STDOUT) await writeFileOut(path);
  }

  close(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** @throws {InvalidInputError} where a file cannot be written, or is there and may not be replaced. */
export async function checkPlace(
  file: string,
  option: string,
  { overwrite = false }: Pick<OutputOptions, 'overwrite'>,
): Promise<void> {
  const isFolder = extname(file).toLowerCase() === '.zarr';
  // Which folders may be replaced is known to who writes them.
  if (!isFolder || !(await isFolderThere(file))) await checkOutput(file, option, true);
  const isThere = await lstat(file).then(
    () => true,
    () => false,
  );
  if (isThere && !overwrite)
    throw expected('a file that is not there yet', option, file, 'Say --overwrite to replace it.');
}

function isFolderThere(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Writes a small file beside its place, and renames it. */
export async function writeWhole(
  file: string,
  content: Uint8Array | string,
  signal?: AbortSignal,
): Promise<void> {
  await replaceFile(resolve(file), (path) => writeFile(path, content), signal);
}
