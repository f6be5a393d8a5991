/** Which account and project requests would be made with: for those who tell, not ask. */
export {
  type Account,
  type Detected,
  detectAccount,
  type FoundProject,
} from '../../earth-engine/credentials/detect.js';
export { type Surroundings, thisMachine } from '../../earth-engine/credentials/surroundings.js';
