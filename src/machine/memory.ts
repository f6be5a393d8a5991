import { totalmem } from 'node:os';

/** Bytes of memory that this process may have: what its container or control group allows, or else the machine's. */
export function memoryOfMachine(): number {
  const machine = totalmem();
  // 0 or absent where nothing is known of a limit; without one, a number beyond all memory.
  const allowed = process.constrainedMemory?.() || machine;
  return Math.min(machine, allowed);
}
