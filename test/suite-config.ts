import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { PATIENCE_MS } from './patience.js';

// Node reads the certificates of this variable at each start, 70 ms where it names all that Debian has; these suites
// start hundreds of commands, and none of them speaks TLS.
delete process.env.NODE_EXTRA_CA_CERTS;

/** What all suites share: the compiled project, a process for each file, patience, and a closing line under their name. */
export function suiteConfig({
  name,
  include,
  maxWorkers,
}: {
  readonly name: string;
  readonly include: string;
  readonly maxWorkers: number;
}) {
  return defineConfig({
    root: fileURLToPath(new URL('..', import.meta.url)),
    test: {
      include: [include],
      pool: 'forks',
      globalSetup: ['test/compile.ts', 'test/sent-bodies/global-setup.ts'],
      testTimeout: PATIENCE_MS,
      hookTimeout: PATIENCE_MS,
      expect: { poll: { timeout: PATIENCE_MS } },
      reporters: [
        'default',
        [fileURLToPath(new URL('closing-line.ts', import.meta.url)), { name }],
      ],
      maxWorkers,
    },
  });
}
