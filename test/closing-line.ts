import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node';

/** Ends a run with one plain line that any CI can read, after the reasons why tests were left out. */
export default class ClosingLine implements Reporter {
  /** @param name of the suite, which the line begins with */
  constructor(private readonly options: { readonly name?: string } = {}) {}

  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    const reasons = new Set<string>();
    for (const module of modules) {
      // A file that cannot be loaded has no tests that fail.
      if (module.state() === 'failed' && module.errors().length > 0) counts.failed++;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        counts[state]++;
        const reason = state === 'skipped' ? reasonOf(test) : undefined;
        if (reason !== undefined) reasons.add(reason);
      }
    }
    for (const reason of reasons) process.stdout.write(`left out: ${reason}\n`);
    process.stdout.write(
      `${this.options.name ?? 'vitest'}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped + counts.pending} skipped\n`,
    );
  }
}

/** What a test gave as the reason, or a suite that it is in has in its name. */
function reasonOf(test: TestCase): string | undefined {
  const result = test.result();
  if (result.state === 'skipped' && result.note !== undefined) return result.note;
  for (let at: TestSuite | TestModule = test.parent; at.type === 'suite'; at = at.parent)
    if (at.name.includes('not here:')) return at.name;
  return undefined;
}
