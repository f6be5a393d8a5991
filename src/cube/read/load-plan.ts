import type { GeoBox } from '../../grid/geobox.js';
import type { Window } from '../../grid/window.js';

/** Where pixels are read, and onto which grid they go. */
export type LoadPlan =
  | {
      readonly kind: 'own-grid';
      /** In pixels of the cube; its columns may go on past the last one (see grid/onto/continued-window.ts). */
      readonly window: Window;
      readonly geobox: GeoBox;
    }
  | {
      readonly kind: 'reprojected';
      readonly target: GeoBox;
      /** The target's pixels that the region touches. */
      readonly regions: readonly Window[];
    };
