import { expected } from '../errors.js';
import type { Affine } from './affine.js';
import { boundsOf, type Frame, type Shape } from './frame.js';
import { checkShape, frameOf, type Resolution } from './snap.js';

/** Larger pixels by `factor`, the same origin; as many as cover the frame. odc-geo's `zoom_out`. */
export function zoomedOut({ crs, shape, affine }: Frame, factor: number): Frame {
  if (!(factor > 0 && Number.isFinite(factor)))
    throw expected('a positive number', 'the zoom factor', factor);
  const zoomed = {
    height: Math.max(Math.ceil(shape.height / factor), 1),
    width: Math.max(Math.ceil(shape.width / factor), 1),
  };
  return { crs, shape: zoomed, affine: scaled(affine, factor, factor) };
}

/** The same area in pixels of another size or another number. odc-geo's `zoom_to`. */
export function zoomedTo(
  frame: Frame,
  target: { resolution: Resolution } | { shape: Shape | number },
): Frame {
  if ('resolution' in target) {
    return frameOf(boundsOf(frame), frame.crs, {
      resolution: target.resolution,
      anchor: 'floating',
    });
  }
  const { height, width } = frame.shape;
  const { shape } = target;
  if (typeof shape === 'number') {
    checkShape({ height: shape, width: shape });
    return zoomedOut(frame, Math.max(height, width) / shape);
  }
  checkShape(shape);
  return {
    crs: frame.crs,
    shape,
    affine: scaled(frame.affine, width / shape.width, height / shape.height),
  };
}

/** The transform of pixels `x` times as wide and `y` times as high, from the same corner. */
function scaled([a, b, c, d, e, f]: Affine, x: number, y: number): Affine {
  return [a * x, b * y, c, d * x, e * y, f];
}
