/** The project's pages of Markdown: what users and those who carry on read. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Folders of pages. Beside README.md, commands leave pages of their own in the project's folder. */
const FOLDERS = ['.github', 'native-bench', 'scripts', 'src', 'test'];

/** Neither is committed: what is installed, and pages of benchmarks that were run in part. */
const LEFT_OUT = /(?:^|\/)(?:node_modules|\.venv|results\/partial)\//;

export interface MarkdownFile {
  /** Path within the project, with slashes. */
  readonly file: string;
  readonly text: string;
}

/** All of them, README.md first, the others by their path. */
export function readPages(): readonly MarkdownFile[] {
  const others = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
      posix.join(folder, name.replaceAll('\\', '/')),
    ),
  ).filter((file) => file.endsWith('.md') && !LEFT_OUT.test(file));
  return ['README.md', ...others.sort()].map((file) => ({
    file,
    text: readFileSync(join(ROOT, file), 'utf8'),
  }));
}
