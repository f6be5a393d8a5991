import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { publishedBand } from '../../../../src/dataset/choose/published/assets.js';
import { TEMPLATE_NAMES, TEMPLATES, templateOf } from '../../../../src/dataset/choose/templates.js';
import { PRESET_NAMES } from '../../../../src/dataset/presets.js';

const page = readFileSync(new URL('../../../../src/dataset/README.md', import.meta.url), 'utf8');

test.each(TEMPLATE_NAMES)('%s has a row in the README, with its asset', (name) => {
  const row = page.split('\n').find((line) => line.startsWith('|') && line.includes(`\`${name}\``));
  expect(row).toContain(TEMPLATES[name]?.asset);
});

test('no template has the name of a preset, and names are found in any case', () => {
  const presets = PRESET_NAMES.map((name) => name.toLowerCase());
  expect(TEMPLATE_NAMES.filter((name) => presets.includes(name))).toEqual([]);
  expect(templateOf('Sentinel2-Monthly')).toBe(TEMPLATES['sentinel2-monthly']);
  expect(templateOf('constructor')).toBeUndefined();
});

test('each band of a template has what its publisher says of it', () => {
  for (const { asset, bands } of Object.values(TEMPLATES))
    for (const band of bands)
      expect(publishedBand(asset, typeof band === 'string' ? band : band.name)).toBeDefined();
});
