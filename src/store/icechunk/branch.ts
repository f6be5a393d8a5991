/** The branch cubes live on. */
export const BRANCH = 'main';
