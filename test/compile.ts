import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Pool threads and the command run compiled code, so dist/ must be what src/ is. */
export default function compile(): void {
  const root = fileURLToPath(new URL('..', import.meta.url));
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.'], {
    cwd: root,
    stdio: 'inherit',
  });
}
