import type { TestProject } from 'vitest/node';
import { checkJournal, openJournal } from './journal.mjs';

/**
 * Whatever the client sends while the tests run is a body that the service's schema and functions allow.
 * This is no reporter, because those can be chosen on the command line.
 */
export default function setup(project: TestProject): () => Promise<void> {
  const folder = openJournal();
  return async () => {
    const { count, line, problems } = checkJournal(folder);
    const isWhole = await isWholeRun(project);
    if (count > 0 || isWhole) process.stdout.write(`${line}\n`);
    if (count === 0 && isWhole)
      problems.push('Expected bodies of requests in a whole run but none was sent.');
    if (problems.length === 0) return;
    process.stderr.write(`${problems.join('\n')}\n`);
    process.exitCode = 1;
  };
}

/** All files and tests, among them those that fill cubes as users do. */
async function isWholeRun(project: TestProject): Promise<boolean> {
  const { testFiles } = await project.globTestFiles();
  return (
    project.config.testNamePattern === undefined &&
    project.vitest.state.getTestModules().length === testFiles.length &&
    testFiles.some((file) => file.includes('/test/e2e/'))
  );
}
