/** A cube at one moment of its history, and what of it has changed since another one. */
import type { OpenedCube } from '../cube/opened-cube.js';
import { TileMarks } from '../cube/overviews/tile-marks.js';
import { viewAt } from '../cube/read/cube-view.js';
import type { CubeView } from '../cube/read/load.js';
import { countStates, type TileCounts, TileState } from '../cube/state/tile-states.js';
import { type BandValues, bandValues } from '../cube/values/band-values.js';
import type { TileIndex } from '../grid/tiling.js';
import { type OverviewRecord, readOverviewRecord } from '../store/metadata/overview-documents.js';
import type { Session } from '../store/session.js';
import { readLedger } from '../store/smart-geocubes/loaded-list.js';
import { FetchRecords } from '../store/tiles/fetch-records.js';
import type { Ledger } from '../store/tiles/ledger.js';

export class Snapshot {
  readonly view: CubeView;
  /** Which tiles the overviews hold as they are. */
  readonly marks: TileMarks;
  readonly #fetches: FetchRecords;
  readonly #bands = new Map<string, Promise<BandValues>>();
  readonly #counts = new Map<number | undefined, Promise<TileCounts>>();

  private constructor(
    readonly cube: OpenedCube,
    readonly session: Session,
    readonly ledger: Ledger,
  ) {
    this.view = viewAt(cube, session, ledger);
    this.#fetches = new FetchRecords(session.store);
    this.marks = new TileMarks(session.store, ledger);
  }

  static async of(cube: OpenedCube, session: Session): Promise<Snapshot> {
    return new Snapshot(cube, session, await readLedger(session.store, cube.dataset));
  }

  /** The id of the state that is read; absent where the place keeps none. */
  get version(): string | undefined {
    return this.session.version;
  }

  async stateOf(index: TileIndex): Promise<TileState> {
    return this.ledger.peek(index) ?? (await this.ledger.get(index));
  }

  /** A name for a tile's pixels: another one when they may be others. */
  async stampOf(index: TileIndex): Promise<string> {
    const state = await this.stateOf(index);
    if (state === TileState.notLoaded) return '-';
    const fetchedAt = await this.#fetches.fetchedAt(index);
    // Cubes that keep no times: any commit may have changed the tile.
    return `${state}.${fetchedAt === 0 ? (this.version ?? 0) : fetchedAt}`;
  }

  #overviews: Promise<OverviewRecord | undefined> | undefined;

  /** Which reduced levels the cube has; `undefined` where it has none. */
  overviews(): Promise<OverviewRecord | undefined> {
    this.#overviews ??= readOverviewRecord(this.session.store);
    return this.#overviews;
  }

  /** What the numbers of a band are. */
  band(name: string): Promise<BandValues> {
    const known = this.#bands.get(name);
    if (known !== undefined) return known;
    const read = bandValues(this.session, this.cube.dataset, name);
    this.#bands.set(name, read);
    return read;
  }

  /** How many tiles are in which state, at one step. */
  counts(t: number | undefined): Promise<TileCounts> {
    const known = this.#counts.get(t);
    if (known !== undefined) return known;
    const { grid, timeAxis } = this.cube;
    const { rows, cols } = grid;
    const all = grid.tilesIn([{ row: 0, col: 0, ...grid.geobox.shape }]);
    const steps = t === undefined || timeAxis === undefined ? undefined : [timeAxis.step(t)];
    const counted = countStates(this.ledger, all, steps).then(
      ([first]) => first ?? { loaded: 0, empty: 0, missing: rows * cols },
    );
    this.#counts.set(t, counted);
    return counted;
  }
}

/** The newest snapshot of a cube, looked for when it is asked to. */
export class Newest {
  #looking: Promise<Snapshot> | undefined;

  private constructor(private current: Snapshot) {}

  static async of(cube: OpenedCube): Promise<Newest> {
    return new Newest(await Snapshot.of(cube, await cube.repository.readSession()));
  }

  /** As it was when it was looked for last. */
  get snapshot(): Snapshot {
    return this.current;
  }

  /** Looks whether there is a newer one; who asks meanwhile waits for the same look. */
  look(): Promise<Snapshot> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<Snapshot> {
    const { cube, version } = this.current;
    const session = await cube.repository.readSession();
    if (version !== undefined && session.version === version) return this.current;
    this.current = await Snapshot.of(cube, session);
    return this.current;
  }
}
