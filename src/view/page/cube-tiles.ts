import type Projection from 'ol/proj/Projection.js';
import ImageTileSource from 'ol/source/ImageTile.js';
import type TileGrid from 'ol/tilegrid/TileGrid.js';
import { address, type Cube } from './api.js';

interface Request {
  readonly key: string;
  readonly z: number;
  readonly controller: AbortController;
}

/** Pictures of a level. */
export interface Pictures {
  readonly z: number;
  readonly places: readonly (readonly [x: number, y: number])[];
}

const IDLE = 0;

/** Whose pictures go by a name: those of the one before are shown until the new ones come. */
class KeyedSource extends ImageTileSource {
  name(key: string): void {
    this.setKey(key);
  }
}

/** Pictures of one kind, of which those that are no longer wanted are given up. */
export class CubeTiles {
  readonly source: KeyedSource;
  readonly #requests = new Set<Request>();
  #words: Parameters<typeof address>[1] | undefined;
  #key = '';
  /** What pictures are of, by their level and place. */
  readonly #shows = new Map<string, string>();

  constructor(
    private readonly cube: Cube,
    private readonly path: 'tile' | 'states',
    { grid, projection }: { readonly grid: TileGrid; readonly projection: Projection },
    private readonly onNotice: (text: string) => void,
  ) {
    this.source = new KeyedSource({
      loader: (z, x, y, { signal }) => this.#load(z, x, y, signal),
      tileGrid: grid,
      projection,
      wrapX: false,
      interpolate: false,
      transition: 0,
    });
    // One that was given up may be wanted again.
    this.source.on('tileloaderror', ({ tile }) => {
      queueMicrotask(() => {
        (tile as unknown as { state: number }).state = IDLE;
      });
    });
  }

  /** @param state of the cube: pictures are asked for anew when it is another one; those before stay until they come */
  want(words: Parameters<typeof address>[1], state: string): void {
    this.#words = words;
    const key = `${state} ${JSON.stringify(words)}`;
    if (key === this.#key) return;
    this.#key = key;
    this.#shows.clear();
    this.source.name(key);
  }

  /** What these pictures are of, as the server says it, each once. */
  showing({ z, places }: Pictures): string[] {
    const words = places.flatMap(([x, y]) => this.#shows.get(`${z} ${x} ${y}`)?.split('; ') ?? []);
    return [...new Set(words)].sort();
  }

  /** Gives up what is of another level or another style. */
  keepOnly(level: number): void {
    const z = this.cube.topLevel - Math.min(Math.max(level, 0), this.cube.topLevel);
    for (const request of this.#requests)
      if (request.z !== z || request.key !== this.#key) request.controller.abort();
  }

  async #load(
    z: number,
    x: number,
    y: number,
    signal: AbortSignal,
  ): Promise<ImageBitmap | HTMLCanvasElement> {
    const controller = new AbortController();
    const request = { key: this.#key, z, controller };
    if (this.#words === undefined) throw new Error('Not yet.');
    this.#requests.add(request);
    try {
      const level = this.cube.topLevel - z;
      // Asks whether what it has is what there is.
      const response = await fetch(address(this.path, { ...this.#words, level, x, y }), {
        cache: 'no-cache',
        signal: AbortSignal.any([signal, controller.signal]),
      });
      if (!response.ok) {
        this.onNotice(((await response.json()) as { error: string }).error);
        return document.createElement('canvas');
      }
      if (request.key === this.#key)
        this.#shows.set(`${z} ${x} ${y}`, response.headers.get('geocubes-shows') ?? 'pixels');
      // As the bytes are: no colour profile, no multiplied alpha.
      return await createImageBitmap(await response.blob(), { colorSpaceConversion: 'none' });
    } finally {
      this.#requests.delete(request);
    }
  }
}
