import { expect, test } from 'vitest';
import { assetName } from '../../../src/earth-engine/asset-name.js';

test.each([
  ['projects/ee-x/assets/a/b', 'projects/ee-x/assets/a/b'],
  ['users/someone/x', 'projects/earthengine-legacy/assets/users/someone/x'],
  ['projects/old/x', 'projects/earthengine-legacy/assets/projects/old/x'],
  ['MODIS/061/MOD13Q1', 'projects/earthengine-public/assets/MODIS/061/MOD13Q1'],
])('%s is %s at the REST service', (id, name) => {
  expect(assetName(id)).toBe(name);
});
