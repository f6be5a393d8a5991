/**
 * How long a test, a hook or a wait inside one may take: many times what any takes on an idle machine, so that
 * it tells a hang and not a busy machine. It is the only such limit; no test has one of its own, and none may
 * tell a slow machine from a fault by the clock.
 */
export const PATIENCE_MS = 900_000;

/** For `vi.waitFor` and its like, whose own limit is a second. */
export const PATIENT = { timeout: PATIENCE_MS, interval: 20 } as const;
