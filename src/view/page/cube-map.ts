/** The map: the cube in its own coordinates, tile by tile of a grid that is anchored to its own. */

import type { Coordinate } from 'ol/coordinate.js';
import { type Extent, getCenter } from 'ol/extent.js';
import Feature from 'ol/Feature.js';
import PointGeometry from 'ol/geom/Point.js';
import { fromExtent } from 'ol/geom/Polygon.js';
import DragBox from 'ol/interaction/DragBox.js';
import DragPan from 'ol/interaction/DragPan.js';
import { defaults } from 'ol/interaction/defaults.js';
import ImageLayer from 'ol/layer/Tile.js';
import VectorLayer from 'ol/layer/Vector.js';
import OlMap from 'ol/Map.js';
import Projection from 'ol/proj/Projection.js';
import VectorSource from 'ol/source/Vector.js';
import CircleStyle from 'ol/style/Circle.js';
import Fill from 'ol/style/Fill.js';
import Stroke from 'ol/style/Stroke.js';
import Style from 'ol/style/Style.js';
import TileGrid from 'ol/tilegrid/TileGrid.js';
import View from 'ol/View.js';
import type { Box, Cube, Point } from './api.js';
import { CubeTiles, type Pictures } from './cube-tiles.js';

/** Times that a pixel of the cube may be enlarged, as a power of 2. */
const CLOSEST = 6;
const FARTHEST = 2;

const LINE = new Style({ stroke: new Stroke({ color: '#c2185b', width: 2 }) });
const DOT = new Style({
  image: new CircleStyle({
    radius: 6,
    stroke: new Stroke({ color: '#fff', width: 3 }),
    fill: new Fill({ color: '#c2185b' }),
  }),
});

export class CubeMap {
  readonly map: OlMap;
  readonly pixels: CubeTiles;
  readonly states: CubeTiles;
  readonly #statesLayer: ImageLayer;
  readonly #marks = new VectorSource();
  readonly #view: View;
  readonly #grid: TileGrid;
  readonly #dragBox: DragBox;
  readonly extent: Extent;

  constructor(
    target: HTMLElement,
    private readonly cube: Cube,
    onNotice: (text: string) => void,
  ) {
    // For its keys.
    target.tabIndex = 0;
    const [a, , c, , e, f] = cube.map;
    this.extent = [c, f + e * cube.height, c + a * cube.width, f];
    const projection = new Projection({
      code: 'cube',
      units: cube.crs.isGeographic ? 'degrees' : 'm',
      extent: this.extent,
      global: false,
    });
    const grid = new TileGrid({
      extent: this.extent,
      origin: [c, f],
      resolutions: Array.from(
        { length: cube.topLevel + 1 },
        (_, z) => a * 2 ** (cube.topLevel - z),
      ),
      tileSize: cube.tilePx,
    });
    this.#grid = grid;
    this.pixels = new CubeTiles(cube, 'tile', { grid, projection }, onNotice);
    this.states = new CubeTiles(cube, 'states', { grid, projection }, onNotice);
    this.#statesLayer = new ImageLayer({ source: this.states.source, extent: this.extent });
    const levels = cube.topLevel + FARTHEST + CLOSEST + 1;
    this.#view = new View({
      projection,
      center: getCenter(this.extent),
      resolutions: Array.from(
        { length: levels },
        (_, i) => a * 2 ** (cube.topLevel + FARTHEST - i),
      ),
      constrainResolution: true,
      extent: this.extent,
      constrainOnlyCenter: true,
      enableRotation: false,
    });
    this.map = new OlMap({
      target,
      view: this.#view,
      interactions: interactions(),
      layers: [
        new ImageLayer({ source: this.pixels.source, extent: this.extent }),
        this.#statesLayer,
        new VectorLayer({
          source: new VectorSource({ features: [new Feature(fromExtent(this.extent))] }),
          style: new Style({ stroke: new Stroke({ color: '#3b5b7a', width: 1 }) }),
        }),
        new VectorLayer({
          source: this.#marks,
          style: (mark) => (mark.getGeometry()?.getType() === 'Point' ? DOT : LINE),
        }),
      ],
    });
    this.#dragBox = new DragBox();
    this.#dragBox.setActive(false);
    this.map.addInteraction(this.#dragBox);
  }

  get level(): number {
    const [a] = this.cube.map;
    return Math.round(Math.log2((this.#view.getResolution() ?? a) / a));
  }

  get centre(): [number, number] {
    return this.#view.getCenter() as [number, number];
  }

  show(centre: Coordinate | undefined, level: number | undefined): void {
    if (centre === undefined || level === undefined) {
      this.#view.fit(this.extent, { padding: [20, 20, 20, 20] });
      return;
    }
    this.#view.setCenter(centre);
    this.#view.setResolution(this.cube.map[0] * 2 ** level);
  }

  showStates(isShown: boolean): void {
    this.#statesLayer.setVisible(isShown);
  }

  /** The pixel of the cube at a place of the map; `undefined` beyond it. */
  pixelAt([x = 0, y = 0]: Coordinate): Point | undefined {
    const [a, , c, , e, f] = this.cube.map;
    const point = { row: Math.floor((y - f) / e), col: Math.floor((x - c) / a) };
    const { row, col } = point;
    const isInside = row >= 0 && col >= 0 && row < this.cube.height && col < this.cube.width;
    return isInside ? point : undefined;
  }

  /** The pixel of the cube that a pixel of the screen shows: the one at its centre. */
  pixelUnder([x = 0, y = 0]: number[]): Point | undefined {
    return this.pixelAt(this.map.getCoordinateFromPixel([x + 0.5, y + 0.5]));
  }

  /** The pixels of the cube in a part of the map; `undefined` where it has none there. */
  boxAt([west = 0, south = 0, east = 0, north = 0]: Extent): Box | undefined {
    const [a, , c, , e, f] = this.cube.map;
    const within = (value: number, most: number) => Math.min(Math.max(value, 0), most);
    const col = within(Math.floor((west - c) / a), this.cube.width);
    const row = within(Math.floor((north - f) / e), this.cube.height);
    const width = within(Math.ceil((east - c) / a), this.cube.width) - col;
    const height = within(Math.ceil((south - f) / e), this.cube.height) - row;
    return width > 0 && height > 0 ? { row, col, height, width } : undefined;
  }

  /** What is seen of the cube. */
  get visible(): Box | undefined {
    return this.boxAt(this.#view.calculateExtent(this.map.getSize()));
  }

  /** The pictures that are seen, by column and row of the grid. */
  pictures(): Pictures {
    const z = this.cube.topLevel - Math.min(Math.max(this.level, 0), this.cube.topLevel);
    const seen = this.#view.calculateExtent(this.map.getSize());
    const range = this.#grid.getTileRangeForExtentAndZ(seen, z);
    const [right, bottom] = [this.cube.width, this.cube.height].map(
      (length) => Math.ceil(length / 2 ** (this.cube.topLevel - z) / this.cube.tilePx) - 1,
    ) as [number, number];
    const places: [x: number, y: number][] = [];
    for (let y = Math.max(range.minY, 0); y <= Math.min(range.maxY, bottom); y++)
      for (let x = Math.max(range.minX, 0); x <= Math.min(range.maxX, right); x++)
        places.push([x, y]);
    return { z, places };
  }

  mark(point: Point | undefined, box: Box | undefined): void {
    const [a, , c, , e, f] = this.cube.map;
    this.#marks.clear();
    if (box !== undefined) {
      const { row, col, height, width } = box;
      const extent = [c + a * col, f + e * (row + height), c + a * (col + width), f + e * row];
      this.#marks.addFeature(new Feature(fromExtent(extent)));
    }
    if (point !== undefined)
      this.#marks.addFeature(
        new Feature(new PointGeometry([c + a * (point.col + 0.5), f + e * (point.row + 0.5)])),
      );
  }

  /** The next drag draws a box. */
  drawBox(onBox: (box: Box | undefined) => void): void {
    this.#dragBox.setActive(true);
    this.#dragBox.once('boxend', () => {
      this.#dragBox.setActive(false);
      onBox(this.boxAt(this.#dragBox.getGeometry().getExtent()));
    });
  }
}

/** A drag ends where it is let go: pictures are asked for at once, not after half a second of gliding on. */
function interactions() {
  // Else a map that takes keys is not dragged before it was clicked.
  const all = defaults({ onFocusOnly: false, dragPan: false });
  // First, as it is among the defaults: those after it are asked before it.
  all.insertAt(0, new DragPan());
  return all;
}
