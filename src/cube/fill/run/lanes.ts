/**
 * Runs `count` lanes side by side, to their ends. What one of them throws stops the others, by `stop`.
 * @returns what was thrown first, if anything was.
 */
export async function inLanes(
  count: number,
  stop: AbortController,
  lane: () => Promise<void>,
): Promise<unknown> {
  let first: unknown;
  const guarded = async (): Promise<void> => {
    try {
      await lane();
    } catch (error) {
      first ??= error;
      stop.abort(error);
    }
  };
  await Promise.all(Array.from({ length: count }, guarded));
  return first;
}
