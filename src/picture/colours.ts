/**
 * Colours of the maps. The tile states are Okabe and Ito's set, which colour-blind readers can tell
 * apart; the ground is muted so that the tiles are what the eye finds first.
 */
export const COLOURS = {
  paper: '#ffffff',
  ink: '#22282d',
  faintInk: '#68727a',
  sea: '#dfe8ee',
  land: '#f4f1ea',
  coast: '#5f6c75',
  border: '#b3aca1',
  graticule: '#8fa6b5',
  frame: '#4a545b',
  tileGrid: '#8a8577',
  extent: '#3b5b7a',
  region: '#7a2a8c',
  locator: '#c2185b',
  loaded: '#009e73',
  empty: '#e0a800',
  failed: '#d1352b',
} as const;

/** Of parts that lie side by side; none of them is the colour of a state. Numbers in the parts say which is which. */
export const AREA_COLOURS = [
  '#4477aa',
  '#ee99aa',
  '#33bbcc',
  '#8c6d4f',
  '#8866cc',
  '#8a8f94',
  '#223f7a',
] as const;

export const AREA_OPACITY = 0.5;
