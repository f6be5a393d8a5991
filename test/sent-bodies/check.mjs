/** What is wrong with the body of a request, by what Google publishes of bodies and of functions. */
import { checkGraph } from './graph.mjs';
import { checkFields } from './schema.mjs';

/** A function that is asked for because there is none, by `doctor --live`. */
const ON_PURPOSE = /Image\.geocubesNoSuchFunction is not among the published functions$/;

/**
 * @param {string} verb of the method, such as `computePixels`
 * @param {string} text
 * @returns {string[]}
 */
export function checkBody(verb, text) {
  let body;
  try {
    body = JSON.parse(text);
  } catch (error) {
    return [`expected JSON but received ${text.slice(0, 60)}: ${error.message}`];
  }
  const problems = checkFields(verb, body);
  if (problems.length > 0 || body.expression === undefined) return problems;
  return checkGraph(body.expression).filter((problem) => !ON_PURPOSE.test(problem));
}
