/** An entry of a register: `EPSG` and `3413`. */
export interface CrsCode {
  /** Upper case. */
  readonly authority: string;
  readonly code: string;
}

const PATTERNS = [
  /^urn:(?:x-)?ogc:def:crs:(?<authority>[a-z]\w*):[\w.]*:(?<code>\w+)$/i,
  /^https?:\/\/www\.opengis\.net\/def\/crs\/(?<authority>[a-z]\w*)\/[\w.]+\/(?<code>\w+)\/?$/i,
  // Also without the version that belongs between: EPSG:3413, EPSG::3413, urn:ogc:def:crs:OGC:CRS84.
  /^(?:urn:ogc:def:crs:)?(?<authority>[a-z]\w*):(?:[\d.]*:)?(?<code>\w+)$/i,
];

/** OGC's systems with longitude first, which is how coordinates are taken here anyway, by their EPSG twins. */
const OGC: Readonly<Record<string, string>> = {
  CRS84: '4326',
  CRS84H: '4326',
  CRS83: '4269',
  CRS27: '4267',
};

/** The code that a text names, in one of the ways of OGC and of daily use; `undefined` where it names none. */
export function codeIn(text: string): CrsCode | undefined {
  if (/^\d{4,6}$/.test(text)) return { authority: 'EPSG', code: text };
  if (/^CRS:?84$/i.test(text)) return { authority: 'EPSG', code: '4326' };
  for (const pattern of PATTERNS) {
    const { authority = '', code = '' } = pattern.exec(text)?.groups ?? {};
    if (authority === '') continue;
    const twin = authority.toUpperCase() === 'OGC' ? OGC[code.toUpperCase()] : undefined;
    return twin === undefined
      ? { authority: authority.toUpperCase(), code }
      : { authority: 'EPSG', code: twin };
  }
  return undefined;
}

/** Numbers below are EPSG's alone: the register here has both under one number. */
const FIRST_ESRI_CODE = 37_000;

/** True where the register here knows the code, if anyone does. */
export function isInRegister({ authority, code }: CrsCode): boolean {
  const number = /^\d{4,6}$/.test(code) ? Number(code) : 0;
  return authority === 'EPSG' ? number > 0 : authority === 'ESRI' && number >= FIRST_ESRI_CODE;
}
