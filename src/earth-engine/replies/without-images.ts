import type { Source } from '../../dataset/dataset.js';
import { formatInstant, type TimeSpan } from '../../dataset/period.js';
import { describeFilter } from '../../dataset/recipe/describe-filter.js';
import { EarthEngineError } from '../../errors.js';

/**
 * Says of which images there are none. Regions are not to blame: outside of all images a composite has bands, and is masked.
 */
export function withoutImages(
  source: Source,
  time: TimeSpan | undefined,
  error: EarthEngineError,
): EarthEngineError {
  const isCollection = source.kind === 'collection';
  const filter = isCollection ? (source.recipe?.filter ?? []) : [];
  const images = [
    `images of ${isCollection ? source.id : 'the source'}`,
    ...(filter.length === 0 ? [] : [`with ${describeFilter(filter)}`]),
    ...(time === undefined
      ? []
      : [`from ${formatInstant(time.start)} up to ${formatInstant(time.end)}`]),
  ].join(' ');
  const todo = [
    ...(time === undefined ? [] : ['leave this time step out']),
    ...(filter.length === 0 ? [] : ['take a filter that lets some pass']),
  ].join(', or ');
  const advice = todo === '' ? 'Take a collection that has some' : capitalised(todo);
  const message = `Expected ${images} but there are none. ${advice}.`;
  return new EarthEngineError('no-images', message, error.status, { cause: error });
}

const capitalised = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
