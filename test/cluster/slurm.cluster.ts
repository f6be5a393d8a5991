/** What `geocubes job slurm` prints, handed in as it is printed to a cluster whose nodes die and whose jobs are ended. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../e2e/loopback-cubes.js';
import { type S3Server, SERVERS, startS3 } from '../fault/machines/s3-servers.js';
import {
  type Calm,
  expectRightPixels,
  expectVerified,
  fillCalmly,
} from '../fault/support/disturbed-cubes.js';
import { datasetOfChunks, handedIn, Night, type NightOptions, pageForSlurm } from './night.js';
import { lacksSlurm, SlurmCluster } from './slurm.js';

const NODES = ['n1', 'n2', 'n3', 'n4'];

/** Requests for each tile: what is under way when a task ends is asked for again. */
const MOST_TWICE = 1.05;

const lacking =
  lacksSlurm() ?? (typeof SERVERS.versitygw === 'string' ? SERVERS.versitygw : undefined);

describe.skipIf(lacking !== undefined)(
  lacking === undefined ? 'a Slurm cluster' : `not here: ${lacking}`,
  () => {
    let folder: Awaited<ReturnType<typeof temporaryFolder>>;
    let s3: S3Server;
    let cluster: SlurmCluster | string;
    /** 375 tiles, and 60. */
    let many: Calm;
    let few: Calm;

    beforeAll(async () => {
      folder = await temporaryFolder();
      cluster = await SlurmCluster.start(join(folder.path, 'slurm'), NODES);
      const started = await startS3('versitygw', folder.path);
      if (typeof started === 'string') throw new Error(started);
      s3 = started;
      Object.assign(process.env, s3.env);
      many = await fillCalmly(datasetOfChunks(20));
      few = await fillCalmly(datasetOfChunks(50));
    });

    afterAll(async () => {
      if (typeof cluster === 'object') await cluster.close();
      await s3?.close();
      await folder?.remove();
    });

    /** The cluster; where it does not come up, the test is left out with the reason. */
    function clusterFor(leaveOut: (reason: string) => never): SlurmCluster {
      return typeof cluster === 'string' ? leaveOut(`not here: ${cluster}`) : cluster;
    }

    async function prepare(name: string, options: Omit<NightOptions, 's3'>): Promise<Night> {
      const night = await Night.prepare(folder.path, name, { ...options, s3 });
      onTestFinished(async ({ task }) => {
        await night.close();
        // Nothing of it is left to the next test.
        await options.cluster
          .say('scancel', '--user=root', '--signal=KILL', '--full')
          .catch(() => '');
        await options.cluster.say('scancel', '--user=root').catch(() => '');
        if (task.result?.state === 'fail') console.log(await night.logs(/\.log$/));
      });
      return night;
    }

    /** Two shards of 60 tiles. */
    const small = (slurm: SlurmCluster) => ({
      ...{ cluster: slurm, calm: few, chunk: 50, shards: 2, free: 5 },
      settings: { concurrency: 2 },
    });
    const JOB = 'npx geocubes job slurm --config night.json --shards 2 --task-memory 1GB';

    async function expectWhole(night: Night, calm: Calm): Promise<void> {
      expect(await expectRightPixels(night.store, calm)).toBe(calm.tiles);
      await expectVerified(night.store, calm, s3.env);
      const { asked, mostOfOneTile } = night.service;
      console.log(`${asked} requests for ${calm.tiles} tiles, at most ${mostOfOneTile} for one`);
      expect(asked).toBeGreaterThanOrEqual(calm.tiles);
      expect(asked).toBeLessThanOrEqual(calm.tiles * MOST_TWICE);
    }

    test("the page's five commands fill a cube though a node dies and a job is preempted in the middle: all tiles, each fetched once", async ({
      skip,
    }) => {
      const slurm = clusterFor((reason) => skip(reason));
      const night = await prepare('page', {
        ...{ cluster: slurm, calm: many, chunk: 20, shards: 4, free: 20 },
        settings: { concurrency: 8 },
      });
      const [create = '', plan = '', job = '', handIn = '', look = '', ...more] =
        pageForSlurm().commands;
      expect(more).toEqual([]);
      // Small tiles in another bucket; all else as the page has it.
      await night.type(
        create
          .replace(/--store \S+/, `--store ${night.store}`)
          .replace(/--dataset \S+/, '--dataset dataset.json'),
      );
      expect(await night.type(plan)).toMatch(/375 to fetch/);
      expect(job).toMatch(/ --shards 4 > night\.sh$/);
      await night.type(job);
      const { array, finaliser } = handedIn(await night.type(handIn));
      await night.isInTheMiddle();
      const [dying, leaving] = [await slurm.job(`${array}_1`), await slurm.job(`${array}_2`)];
      await slurm.crash(dying.node);
      const urgent = await slurm.say(
        ...['sbatch', '--parsable', '--partition=urgent', `--nodelist=${leaving.node}`],
        ...['--exclusive', '--output=/dev/null', '--wrap=true'],
      );
      expect(await slurm.ended(urgent)).toMatchObject({ state: 'COMPLETED' });
      night.service.letGo();
      const jobs = await Promise.all([1, 2, 3, 4].map((task) => slurm.ended(`${array}_${task}`)));
      const last = await slurm.ended(finaliser);
      console.log(await slurm.say('scontrol', '--oneliner', 'show', 'job', `${array}_1`));
      expect(jobs.map(({ state, code, restarts }) => [state, code, restarts])).toEqual([
        ['COMPLETED', 0, 1],
        ['COMPLETED', 0, 1],
        ['COMPLETED', 0, 0],
        ['COMPLETED', 0, 0],
      ]);
      expect(last).toMatchObject({ state: 'COMPLETED', code: 0 });
      expect(await night.type(look)).toContain(
        `375 tiles: ${many.loaded} loaded, ${many.empty} loaded and empty, 0 missing, 0 damaged`,
      );
      await expectWhole(night, many);
    });

    test('a wrong call ends each task with 2, once, and the finaliser too', async ({ skip }) => {
      const slurm = clusterFor((reason) => skip(reason));
      // There is no cube.
      const night = await prepare('wrong', small(slurm));
      const { array, finaliser } = await night.handIn(JOB);
      for (const id of [`${array}_1`, `${array}_2`, finaliser])
        expect(await slurm.ended(id)).toMatchObject({ state: 'FAILED', code: 2, restarts: 0 });
      expect(await night.logs(/\.log$/)).not.toContain('handed in again');
    });

    test('credentials that are refused end each task with 4, once; the finaliser tells what is missing with 3', async ({
      skip,
    }) => {
      const slurm = clusterFor((reason) => skip(reason));
      const night = await prepare('refused', small(slurm));
      await night.create();
      const { array, finaliser } = await night.handIn(JOB, { GEOCUBES_TOKEN: 'expired' });
      for (const id of [`${array}_1`, `${array}_2`])
        expect(await slurm.ended(id)).toMatchObject({ state: 'FAILED', code: 4, restarts: 0 });
      expect(await slurm.ended(finaliser)).toMatchObject({ state: 'FAILED', code: 3 });
      expect(await night.log(`geocubes-finalise-${finaliser}.log`)).toMatch(
        /60 tiles: 0 loaded, 0 loaded and empty, 60 missing/,
      );
    });

    test('an array that somebody cancels stays so: what was fetched is committed, and nothing is begun again', async ({
      skip,
    }) => {
      const slurm = clusterFor((reason) => skip(reason));
      const night = await prepare('cancelled', small(slurm));
      await night.create();
      const { array, finaliser } = await night.handIn(JOB);
      await night.isInTheMiddle();
      await slurm.say('scancel', array);
      for (const id of [`${array}_1`, `${array}_2`])
        expect(await slurm.ended(id)).toMatchObject({ state: 'CANCELLED', restarts: 0 });
      expect(await slurm.ended(finaliser)).toMatchObject({ state: 'FAILED', code: 3 });
      // Their ends are told before those of their processes: by now these are over too.
      for (const id of [`${array}_1`, `${array}_2`])
        expect(await slurm.job(id)).toMatchObject({ state: 'CANCELLED', restarts: 0 });
      expect(await night.logs(/\.log$/)).not.toContain('handed in again');
      expect(await night.loaded()).toBe(night.service.passed);
      expect(night.service.asked).toBe(night.service.passed + night.service.held);
    });

    test.skipIf(process.env.CLUSTER_SHORT === '1')(
      'a task whose time is over commits what it has, is begun again, and goes on from there',
      async ({ skip }) => {
        const slurm = clusterFor((reason) => skip(reason));
        const night = await prepare('time', small(slurm));
        await night.create();
        const { array, finaliser } = await night.handIn(`${JOB} --walltime 2min`);
        await night.isInTheMiddle();
        for (const task of [1, 2])
          await slurm.until(`${array}_${task}`, ({ restarts }) => restarts === 1);
        expect(await night.loaded()).toBe(night.service.passed);
        night.service.letGo();
        for (const task of [1, 2]) {
          expect(await slurm.ended(`${array}_${task}`)).toMatchObject({
            ...{ state: 'COMPLETED', code: 0, restarts: 1 },
          });
          expect(await night.log(`geocubes-${array}_${task}.log`)).toContain(
            `shard ${task} ended with 130 and is handed in again`,
          );
        }
        expect(await slurm.ended(finaliser)).toMatchObject({ state: 'COMPLETED', code: 0 });
        await expectWhole(night, few);
      },
    );
  },
);
