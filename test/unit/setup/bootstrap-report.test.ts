import { expect, test } from 'vitest';
import { explainMissing } from '../../../scripts/bootstrap/icechunk.mjs';
import { createReporter, SetupFailure, seconds } from '../../../scripts/bootstrap/report.mjs';

function record() {
  const lines: string[] = [];
  let time = 0;
  const reporter = createReporter(
    (line: string) => lines.push(line),
    () => (time += 500),
  );
  return { lines, reporter };
}

test('a step that did something prints one line with its time; a step that did nothing prints none', async () => {
  const { lines, reporter } = record();
  await reporter.step('packages', () => ({ state: 'packages' }));
  await reporter.step('GDAL', async () => ({ state: 'GDAL 3.6.2', did: 'built it' }));
  reporter.finish();
  expect(lines).toEqual([
    'setup: GDAL: built it (0.5 s)',
    'setup: ready in 2.0 s: packages, GDAL 3.6.2',
  ]);
});

test('where nothing was to be done, one line says so', async () => {
  const { lines, reporter } = record();
  await reporter.step('packages', () => ({ state: 'packages' }));
  reporter.finish();
  expect(lines).toEqual(['setup: nothing to do in 1.0 s: packages']);
});

test('a failure is two lines, and the second is the next command', () => {
  const { lines, reporter } = record();
  reporter.fail(new SetupFailure('no binding', 'sudo apt-get install -y libgdal-dev && npm start'));
  expect(lines).toEqual([
    'setup failed after 0.5 s: no binding',
    'Next: sudo apt-get install -y libgdal-dev && npm start',
  ]);
});

test('long times lose their tenths', () => {
  expect(seconds(9_900)).toBe('9.9 s');
  expect(seconds(80_400)).toBe('80 s');
});

test('an Icechunk that cannot load is told by its real cause, not by the binding its own words', () => {
  const misleading = 'Cannot find native binding. npm has a bug related to optional dependencies';
  const old = explainMissing('2.2.2', `${misleading}\nversion \`GLIBC_2.35' not found`);
  expect(old.message).toContain('needs GLIBC_2.35');
  const absent = explainMissing('2.2.2', `${misleading}\nCannot find module 'x'`);
  expect(absent.message).toContain('has no binary installed');
});
