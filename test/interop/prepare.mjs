/**
 * Makes one virtual environment, where it is not there yet, and prints its Python:
 *
 *   node test/interop/prepare.mjs FOLDER REQUIREMENTS MINOR
 *
 * A process of its own, so that several are made at once. Ends with 1 and the reason where this
 * machine cannot.
 */
import { CannotRun, ensureEnvironment } from '../../scripts/python.mjs';

const [folder, requirements, minor] = process.argv.slice(2);
try {
  const say = (line) => process.stderr.write(`interop: ${line}\n`);
  process.stdout.write(ensureEnvironment(folder, requirements, Number(minor), say));
} catch (error) {
  if (!(error instanceof CannotRun)) throw error;
  process.stdout.write(error.message);
  process.exitCode = 1;
}
