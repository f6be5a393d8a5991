/** Files that commands write where the user says. */
import { access, constants, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expected, InvalidInputError } from '../../errors.js';

/**
 * Makes sure, before work whose end it is, that a file can be written; nothing is made yet.
 * @param option that names the file, for messages
 * @param isReplaced written beside its place, and renamed when it is whole
 * @throws {InvalidInputError}
 */
export async function checkOutput(file: string, option: string, isReplaced = false): Promise<void> {
  const refuse = (why: string) => expected('a file to write', option, `${file} (${why})`);
  const codeOf = ({ code, message }: NodeJS.ErrnoException) => code ?? message;
  const there = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw refuse(codeOf(error));
  });
  if (there?.isDirectory() || /[\\/]$/.test(file)) throw refuse('a folder');
  if (there !== undefined)
    await access(file, constants.W_OK).catch((error) => {
      throw refuse(codeOf(error));
    });
  if (there !== undefined && !isReplaced) return;
  const folder = dirname(file);
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    (error) => {
      throw refuse(`${folder}: ${codeOf(error)}`);
    },
  );
  if (!isFolder) throw refuse(`${folder}: not a folder`);
  await access(folder, constants.W_OK | constants.X_OK).catch((error) => {
    throw refuse(`${folder}: ${codeOf(error)}`);
  });
}

/** @throws {InvalidInputError} */
export async function writeOutput(
  file: string,
  content: Uint8Array | string,
  option: string,
): Promise<void> {
  await writeFile(file, content).catch((cause: NodeJS.ErrnoException) => {
    throw new InvalidInputError(
      `Expected a file to write for ${option} but received "${file}" (${cause.code ?? cause.message}).`,
      { cause },
    );
  });
}
