import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Not in `os.constants.dlopen`; as in load.ts, nothing may unmap code that a thread's end still calls. */
const RTLD_NODELETE = process.platform === 'darwin' ? 0x80 : 0x1000;

/** Why there is no addon: nobody wants it, it was not made, or it does not load. */
export type AddonLack = 'off' | 'absent' | 'broken';

export type FoundAddon = { readonly module: unknown } | { readonly lack: AddonLack };

/** Same depth from `src/kernel/gdal` and from `dist/kernel/gdal`. */
const FOLDER = fileURLToPath(new URL('../../../.native/', import.meta.url));

/**
 * What `scripts/<name>.c` was compiled to by the set-up, loaded into the calling thread; or why there is none.
 * GEOCUBES_NO_ADDONS=1 leaves them alone. They belong to the native kernel: the JavaScript one does without
 * native modules.
 */
export function findAddon(name: string, folder = FOLDER): FoundAddon {
  if (process.env.GEOCUBES_NO_ADDONS === '1') return { lack: 'off' };
  const path = join(folder, `${name}-${process.platform}-${process.arch}.node`);
  if (!existsSync(path)) return { lack: 'absent' };
  try {
    const module = { exports: {} };
    process.dlopen(module, path, constants.dlopen.RTLD_LAZY | RTLD_NODELETE);
    return { module: module.exports };
  } catch {
    // A library was taken away after the addon was made. There is another way; the doctor tells.
    return { lack: 'broken' };
  }
}

/** The same, for who has another way whatever the reason. */
export function loadAddon(name: string): unknown {
  const found = findAddon(name);
  return 'module' in found ? found.module : undefined;
}
