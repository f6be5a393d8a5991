import { FOOTPRINT } from '../expression/element.js';
import type { ImageCollection } from '../expression/value.js';
import { footprintOf } from '../image/grids.js';
import type { Image, Properties } from '../image/image.js';
import { refuse } from '../refusal.js';
import { toAssetName } from './names.js';

/** A stored asset. Images of a collection are assets themselves, under `collection/image`. */
export type Asset =
  | { readonly type: 'IMAGE'; readonly id: string; readonly image: Image }
  | {
      readonly type: 'IMAGE_COLLECTION';
      readonly id: string;
      readonly images: readonly Image[];
      /** Of the collection itself. */
      readonly properties?: Properties;
    }
  /** Features: there is such an asset, and that is all that is known of it here. */
  | { readonly type: 'TABLE'; readonly id: string };

/** The assets of one server, found by id or by resource name. */
export class Catalogue {
  private readonly byName = new Map<string, Asset>();

  constructor(assets: readonly Asset[]) {
    for (const asset of assets.map(withFootprints)) {
      this.byName.set(toAssetName(asset.id), asset);
      for (const image of asset.type === 'IMAGE_COLLECTION' ? asset.images : []) {
        const id = image.id ?? asset.id;
        this.byName.set(toAssetName(id), { type: 'IMAGE', id, image });
      }
    }
  }

  find(idOrName: string): Asset | undefined {
    return this.byName.get(toAssetName(idOrName));
  }

  /** What lies directly in a collection, a folder or a project, in the order of the catalogue. */
  childrenOf(parent: string): Asset[] {
    const prefix = `${toAssetName(parent)}/`;
    return [...this.byName]
      .filter(([name]) => name.startsWith(prefix) && !name.slice(prefix.length).includes('/'))
      .map(([, asset]) => asset);
  }

  /** @throws {EarthEngineError} in Earth Engine's words when there is no such image. */
  image(id: string): Image {
    const asset = this.find(id);
    if (asset?.type === 'IMAGE') return asset.image;
    throw notFound('Image', id);
  }

  /** @throws {EarthEngineError} in Earth Engine's words when there is no such collection. */
  collection(id: string): ImageCollection {
    const asset = this.find(id);
    if (asset?.type === 'IMAGE_COLLECTION') {
      return { kind: 'ImageCollection', id, images: asset.images };
    }
    throw notFound('ImageCollection', id);
  }
}

function withFootprints(asset: Asset): Asset {
  if (asset.type === 'IMAGE') return { ...asset, image: withFootprint(asset.image) };
  if (asset.type === 'TABLE') return asset;
  return { ...asset, images: asset.images.map(withFootprint) };
}

/** Stored images know where they lie; that of the first band stands for all. */
function withFootprint(image: Image): Image {
  const grid = image.bands[0]?.grid;
  const footprint = grid === undefined ? undefined : footprintOf(grid);
  if (footprint === undefined) return image;
  return { ...image, properties: { ...image.properties, [FOOTPRINT]: footprint } };
}

function notFound(kind: 'Image' | 'ImageCollection', id: string) {
  return refuse(
    `${kind}.load: ${kind} asset '${id}' not found (does not exist or caller does not have access).`,
  );
}
