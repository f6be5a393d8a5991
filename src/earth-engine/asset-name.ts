/**
 * The REST name of an asset id: `projects/P/assets/...` stays, ids of the user and project folders of
 * old belong to `earthengine-legacy`, all others to the public catalog.
 */
export function assetName(id: string): string {
  if (/^projects\/[^/]+\/assets\//.test(id)) return id;
  const isLegacy = id.startsWith('users/') || id.startsWith('projects/');
  return `projects/${isLegacy ? 'earthengine-legacy' : 'earthengine-public'}/assets/${id}`;
}
