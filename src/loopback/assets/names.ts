/**
 * The resource name of an asset id, as both official clients make it: a name stays as it is, ids of
 * users and old projects get the legacy prefix, all others belong to the public catalogue.
 */
export function toAssetName(id: string): string {
  if (/^projects\/[^/]+\/assets(\/|$)/.test(id)) return id;
  const isOwned = /^(users|projects)(\/|$)/.test(id);
  return `projects/earthengine-${isOwned ? 'legacy' : 'public'}/assets/${id}`;
}
