/** Where npm has installed the package, it lies in the project's `node_modules`; a checkout is the project. */
const FOLDER = import.meta.url.includes('/node_modules/')
  ? 'node_modules/smart-geocubes-native/'
  : '';

/** What makes native modules ready, as it is typed in the project's folder. */
export const SET_UP_COMMAND = `node ${FOLDER}scripts/bootstrap.mjs`;
