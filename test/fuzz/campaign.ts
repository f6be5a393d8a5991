import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ending, type KernelName, Lane, type LaneOptions, type Memory } from './lane.js';
import type { Mutant } from './mutants.js';
import { faultOf } from './verdict.js';

export interface CampaignOptions extends LaneOptions {
  readonly kernels: readonly KernelName[];
  /** Numbers of the mutants, each run by every kernel. */
  readonly numbers: readonly number[];
  readonly makeMutant: (number: number) => Mutant;
  /** Processes at a time. */
  readonly lanes: number;
}

/** A mutant that ended as none may. */
export interface Fault {
  readonly number: number;
  readonly kernel: KernelName;
  readonly seedName: string;
  readonly what: string;
  /** The mutant's file; what was made of it is in the .json beside it. */
  readonly file: string;
}

export interface CampaignReport {
  readonly endings: Readonly<Record<KernelName, Readonly<Record<Ending['kind'], number>>>>;
  readonly faults: readonly Fault[];
  /** Of each lane whose process lived from the end of its warm-up on. */
  readonly memory: readonly LaneMemory[];
}

export interface LaneMemory {
  /** After the warm-up. */
  readonly warm: Memory;
  readonly end: Memory;
}

/** Resident bytes at the end beyond those after the warm-up. */
export function growthOf({ warm, end }: LaneMemory): number {
  return end.resident - warm.resident;
}

/** The part of a lane's mutants after which its memory is looked at first: pools and caches are full by then. */
const WARM_UP = 0.3;

/** Runs all mutants through all kernels, in processes of their own; goes on after a fault. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const counts = () => ({ tile: 0, error: 0, death: 0, hang: 0 });
  const endings = { gdal: counts(), js: counts() };
  const faults: Fault[] = [];
  const memory: LaneMemory[] = [];
  const runLane = async (numbers: readonly number[]) => {
    const lane = new Lane(options);
    try {
      let warm: { generation: number; memory: Memory } | undefined;
      const warmAt = Math.floor(numbers.length * WARM_UP);
      for (const [i, number] of numbers.entries()) {
        if (i === warmAt) warm = { memory: await lane.memory(), generation: lane.generation };
        const mutant = options.makeMutant(number);
        for (const kernel of options.kernels) {
          const reply = await lane.run(kernel, mutant);
          endings[kernel][reply.ending.kind]++;
          const what = faultOf(reply, mutant);
          if (what !== undefined) faults.push(keep(what, kernel, mutant));
        }
      }
      if (warm !== undefined && warm.generation === lane.generation)
        memory.push({ warm: warm.memory, end: await lane.memory() });
    } finally {
      await lane.close();
    }
  };
  await Promise.all(
    Array.from({ length: options.lanes }, (_, lane) =>
      runLane(options.numbers.filter((_number, i) => i % options.lanes === lane)),
    ),
  );
  return { endings, faults, memory };
}

let kept: string | undefined;

/** Writes the mutant to where it outlives the run. */
function keep(what: string, kernel: KernelName, { number, seedName, tile, recipe }: Mutant): Fault {
  kept ??= mkdtempSync(join(tmpdir(), 'geocubes-fuzz-faults-'));
  const file = join(kept, `mutant-${number}.tif`);
  writeFileSync(file, tile.parts[0]?.bytes ?? new Uint8Array(0));
  const parts = tile.parts.map(({ request }) => ({ request }));
  writeFileSync(`${file}.json`, JSON.stringify({ kernel, tile: { ...tile, parts }, recipe }));
  return { number, kernel, seedName, what, file };
}
