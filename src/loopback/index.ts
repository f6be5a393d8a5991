/**
 * The loopback server as others know it: the command line, tests and benchmarks import this file alone.
 * What is behind it is its own, and held by the architecture check.
 */

// What goes wrong on purpose.
export { mixedFaults } from './faults/mixed.js';
export { type FaultPlan, type FaultRule, parseFaultPlan } from './faults/plan.js';
export { seededRandom } from './faults/random.js';
export { changeBands, changeCrs, changeSize, shiftGrid } from './faults/rewrite-tiff.js';
// Replies without a server: a GeoTIFF of arrays, in any form.
export { encodeGeoTiff, TIFF_OPTIONS } from './image/geotiff.js';
export { exchangeTags, type TagValue } from './reply-format/tags.js';
export { FORMAT_WORDS, parseReplyFormat } from './reply-format/words.js';
export { inFormat } from './reply-format/write.js';
export {
  DEFAULT_TOKEN,
  type LoopbackOptions,
  type LoopbackServer,
  type RequestCounts,
  type RequestEvent,
  startLoopback,
} from './server.js';
