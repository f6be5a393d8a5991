import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { bundleCommand, bundlePage } from '../scripts/bootstrap/compiled/bundle.mjs';
import { removeStale } from '../scripts/bootstrap/compiled/typescript.mjs';

/** Pool threads and the command run compiled code, so dist/ must be what src/ is. */
export default async function compile(): Promise<void> {
  const root = fileURLToPath(new URL('..', import.meta.url));
  removeStale(root);
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.'], {
    cwd: root,
    stdio: 'inherit',
  });
  await bundleCommand(root);
  await bundlePage(root);
}
