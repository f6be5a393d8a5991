/**
 * The one place that loads `@earthmover/icechunk`, so that it loads on older systems too.
 *
 * Its linux-x64 binary asks for `__isoc23_sscanf` and `__isoc23_strtol`, which glibc has from 2.38
 * on. Where loading fails for their lack, an addon made by `scripts/bootstrap.mjs` supplies them to
 * the whole process, and the second try succeeds.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as Icechunk from '@earthmover/icechunk';
import { SetupError } from '../../errors.js';
import { SET_UP_COMMAND } from '../../machine/set-up.js';

export type IcechunkModule = typeof Icechunk;

/**
 * How the binding came to load in the calling thread: as it is, or after the glibc addon. The addon
 * serves the whole process, so threads that load later need nothing more and say `native`.
 */
export type IcechunkLinkage = 'native' | 'with-addon';

export interface IcechunkStatus {
  readonly linkage: IcechunkLinkage;
  /** Version of the npm package. */
  readonly version: string;
}

const PACKAGE = '@earthmover/icechunk';

/** Same depth from `src/store` and from `dist/store`. */
const ADDON = fileURLToPath(
  new URL(
    `../../../.native/icechunk-glibc-${process.platform}-${process.arch}.node`,
    import.meta.url,
  ),
);

/** Not in `os.constants.dlopen`. The symbols must outlive the thread that supplied them. */
const RTLD_NODELETE = 0x1000;

/**
 * `require`, not `import`: Node keeps a failed `import` for good, while a failed `require` can be
 * repeated.
 */
const require = createRequire(import.meta.url);

interface Loaded {
  readonly module: IcechunkModule;
  readonly linkage: IcechunkLinkage;
}

let loaded: Loaded | undefined;

/**
 * The official Icechunk binding; loads it at the first call. Any thread may call it.
 *
 * @throws {SetupError} when it is not installed, has no binary for this system, or lacks its addon.
 */
export async function loadIcechunk(): Promise<IcechunkModule> {
  loaded ??= load();
  return loaded.module;
}

/**
 * How it loaded, for `geocubes doctor`.
 *
 * @throws {SetupError} as {@link loadIcechunk}.
 */
export async function icechunkStatus(): Promise<IcechunkStatus> {
  loaded ??= load();
  // Its package.json is not among its exports, but lies beside its entry.
  const manifest = join(dirname(require.resolve(PACKAGE)), 'package.json');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  return { linkage: loaded.linkage, version };
}

function load(): Loaded {
  try {
    return { module: require(PACKAGE) as IcechunkModule, linkage: 'native' };
  } catch (cause) {
    if (!lacksGlibcSymbols(cause)) throw cannotLoad(cause);
    return { module: loadWithAddon(cause), linkage: 'with-addon' };
  }
}

function loadWithAddon(cause: unknown): IcechunkModule {
  if (!existsSync(ADDON)) {
    throw new SetupError(
      `Expected the glibc addon for ${PACKAGE} at ${ADDON} but found none. Run "${SET_UP_COMMAND}" to make it, then "geocubes doctor".`,
      { cause },
    );
  }
  try {
    const { RTLD_NOW, RTLD_GLOBAL } = constants.dlopen;
    process.dlopen({ exports: {} }, ADDON, RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE);
    return require(PACKAGE) as IcechunkModule;
  } catch (failure) {
    throw cannotLoad(failure);
  }
}

/** The binding's own message is misleading; the loader's is somewhere down the chain of causes. */
function lacksGlibcSymbols(error: unknown): boolean {
  return causes(error).some((message) => message.includes('__isoc23_'));
}

function cannotLoad(cause: unknown): SetupError {
  const messages = causes(cause);
  const reason =
    messages.find((message) => /symbol|GLIBC|wrong ELF|cannot open shared/.test(message)) ??
    `no binary of it is installed for ${process.platform}-${process.arch}`;
  return new SetupError(
    `Expected ${PACKAGE} to load but received: ${reason}. Run "${SET_UP_COMMAND}" to mend it, then "geocubes doctor".`,
    { cause },
  );
}

function causes(error: unknown): string[] {
  const messages: string[] = [];
  for (let at = error; at instanceof Error && messages.length < 20; at = at.cause) {
    messages.push(at.message.split('\n')[0] ?? '');
  }
  return messages;
}
