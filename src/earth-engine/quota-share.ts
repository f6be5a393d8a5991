/**
 * What somebody else lets this process have of the project's quota, and may take back at any time: with
 * `--quota`, a server that several processes share.
 */
export interface QuotaShare {
  /** Requests that may be under way now, beside what the replies have taught. 0 for as long as there is nothing to have. */
  readonly places: number;
  /** Is told whenever it changes how many requests are under way, and how many would be if there were places. */
  use(inFlight: number, wanted: number): void;
  /** Has to be called back when {@link places} may have grown. */
  onChange(listener: () => void): void;
  /** Resolves when one more request may be begun. @throws {AbortedError} when the signal fires before. */
  start(signal?: AbortSignal): Promise<void>;
}
