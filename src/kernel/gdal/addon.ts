import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

/** Not in `os.constants.dlopen`; as in load.ts, nothing may unmap code that a thread's end still calls. */
const RTLD_NODELETE = process.platform === 'darwin' ? 0x80 : 0x1000;

/**
 * What `scripts/<name>.c` was compiled to by the set-up, loaded into the calling thread; `undefined` where
 * there is none, it does not load, or GEOCUBES_NO_ADDONS is 1. They belong to the native kernel: the
 * JavaScript one does without native modules.
 */
export function loadAddon(name: string): unknown {
  if (process.env.GEOCUBES_NO_ADDONS === '1') return undefined;
  // Same depth from `src/kernel/gdal` and from `dist/kernel/gdal`.
  const file = `../../../.native/${name}-${process.platform}-${process.arch}.node`;
  const path = fileURLToPath(new URL(file, import.meta.url));
  if (!existsSync(path)) return undefined;
  try {
    const module = { exports: {} };
    process.dlopen(module, path, constants.dlopen.RTLD_LAZY | RTLD_NODELETE);
    return module.exports;
  } catch {
    // A library was taken away after the addon was made. There is another way; the doctor tells.
    return undefined;
  }
}
