/**
 * The seed of random tests: always the same, so that a failure tells of what was changed and not of luck.
 * `SEED=123` repeats a run; `SEED=new` draws one, to look for what nobody has thought of.
 */
export function seedOfRun(env: Readonly<Record<string, string | undefined>> = process.env): number {
  const { SEED } = env;
  if (SEED === undefined) return 61_128;
  return SEED === 'new' ? Math.floor(Math.random() * 100_000) : Number(SEED);
}
