/** What the publishers say of a band, which the service does not tell with its type. */
export interface PublishedBand {
  readonly longName: string;
  /** As UDUNITS has them; `1` is for ratios. */
  readonly units?: string;
  /** A pixel times this plus `offset` is what it stands for. */
  readonly scale?: number;
  readonly offset?: number;
  /** The least and the greatest value that mean something. */
  readonly valid?: readonly [low: number, high: number];
  readonly areClasses?: boolean;
  /** Side of a pixel on the ground in metres. */
  readonly metres?: number;
}

export interface PublishedAsset {
  readonly title: string;
  readonly bands: Readonly<Record<string, PublishedBand>>;
}

/** The same for several bands. */
export function alike(
  names: Readonly<Record<string, string>>,
  rest: Omit<PublishedBand, 'longName'>,
): Record<string, PublishedBand> {
  return Object.fromEntries(
    Object.entries(names).map(([name, longName]) => [name, { longName, ...rest }]),
  );
}
