import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { PATIENCE_MS } from '../patience.js';

const call = promisify(execFile);

/** Between looks at what Slurm says. */
const LOOK_MS = 250;

/** What a job is of which Slurm will do nothing more. */
const ENDED = ['COMPLETED', 'FAILED', 'CANCELLED', 'TIMEOUT', 'NODE_FAIL', 'OUT_OF_MEMORY'];

export interface SlurmJob {
  readonly state: string;
  /** Of its script. */
  readonly code: number;
  /** How often it was begun again. */
  readonly restarts: number;
  readonly node: string;
}

/** Why Slurm cannot run here; `undefined` where it can. */
export function lacksSlurm(): string | undefined {
  if (process.getuid?.() !== 0) return 'Slurm and its nodes are started by root';
  for (const name of ['munged', 'slurmctld', 'slurmd', 'sbatch', 'scontrol'])
    if (spawnSync('sh', ['-c', 'command -v "$0"', name]).status !== 0)
      return `no ${name}, which test/cluster/run.mjs installs where it can`;
  const { status, stderr, error } = spawnSync(...inNamespaces('true'), { encoding: 'utf8' });
  return status === 0 ? undefined : `no namespaces: ${error?.message ?? stderr.trim()}`;
}

/** As on a machine of its own: its name, its processes, its mounts. With the first of its processes all of them end. */
function inNamespaces(...command: string[]): [program: string, args: string[]] {
  return [
    'unshare',
    ['--uts', '--pid', '--fork', '--mount-proc', '--kill-child=SIGKILL', ...command],
  ];
}

/** A Slurm cluster whose nodes are namespaces of this machine. */
export class SlurmCluster {
  readonly #daemons: ChildProcess[] = [];
  readonly #nodes = new Map<string, ChildProcess>();

  private constructor(
    private readonly folder: string,
    /** For Slurm's commands: where the cluster is. */
    readonly env: Readonly<Record<string, string>>,
  ) {}

  /** @returns the reason, where its nodes do not come up */
  static async start(folder: string, nodes: readonly string[]): Promise<SlurmCluster | string> {
    for (const name of ['state', 'spool', 'log', 'run'])
      await mkdir(join(folder, name), { recursive: true });
    const conf = join(folder, 'slurm.conf');
    await writeFile(conf, configuration(folder, nodes, await freePorts(nodes.length + 1)));
    const cluster = new SlurmCluster(folder, { SLURM_CONF: conf });
    await cluster.#begin(conf, nodes);
    const reason = await cluster.#comesUp(nodes.length);
    if (reason === undefined) return cluster;
    await cluster.close();
    return reason;
  }

  /** Runs one of Slurm's commands. @returns what it prints */
  async say(command: string, ...args: string[]): Promise<string> {
    const { stdout } = await call(command, args, { env: { ...process.env, ...this.env } });
    return stdout.trim();
  }

  /** @param id of a job, or of a task of an array, as in `17_3` */
  async job(id: string): Promise<SlurmJob> {
    const text = await this.say('scontrol', '--oneliner', 'show', 'job', id);
    const fieldOf = (name: string) => new RegExp(`(?:^|\\s)${name}=(\\S*)`).exec(text)?.[1] ?? '';
    return {
      state: fieldOf('JobState'),
      code: Number(fieldOf('ExitCode').split(':')[0]),
      restarts: Number(fieldOf('Restarts')),
      node: fieldOf('NodeList'),
    };
  }

  /** Resolves when a job is as it is waited for. */
  async until(id: string, isSo: (job: SlurmJob) => boolean): Promise<SlurmJob> {
    return waitFor(
      async () => {
        const job = await this.job(id);
        return isSo(job) ? job : undefined;
      },
      async () => `job ${id}, which is ${JSON.stringify(await this.job(id))}`,
    );
  }

  ended(id: string): Promise<SlurmJob> {
    return this.until(id, ({ state }) => ENDED.includes(state));
  }

  /** All of a node's processes are gone at once, and nobody says so. */
  async crash(node: string): Promise<void> {
    const slurmd = this.#nodes.get(node);
    const first = await firstOf(slurmd?.pid ?? 0);
    if (slurmd === undefined || first === undefined) throw new Error(`no node ${node} to crash`);
    process.kill(first, 'SIGKILL');
    await once(slurmd, 'exit');
  }

  /** What Slurm's daemons have to say, for whoever looks for a reason. */
  async log(name: string): Promise<string> {
    return readFile(join(this.folder, 'log', `${name}.log`), 'utf8').catch(() => '');
  }

  async close(): Promise<void> {
    const all = [...this.#nodes.values(), ...this.#daemons.reverse()];
    for (const child of all) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }
  }

  async #begin(conf: string, nodes: readonly string[]): Promise<void> {
    const at = (name: string) => join(this.folder, name);
    const key = at('munge.key');
    await writeFile(key, crypto.getRandomValues(new Uint8Array(1024)), { mode: 0o400 });
    this.#start('munged', [
      ...['--foreground', '--force', `--key-file=${key}`, `--socket=${at('run/munge')}`],
      ...[`--pid-file=${at('run/munged.pid')}`, `--seed-file=${at('munge.seed')}`],
      `--log-file=${at('log/munged.log')}`,
    ]);
    await waitFor(
      async () => spawnSync('munge', ['-n', '-S', at('run/munge')]).status === 0 || undefined,
      async () => 'munged',
    );
    this.#start('slurmctld', ['-D', '-f', conf]);
    for (const name of nodes) {
      const [program, args] = inNamespaces(
        ...['sh', '-c', 'hostname "$1" && exec slurmd -D -f "$2" -N "$1"', 'sh', name, conf],
      );
      this.#nodes.set(name, this.#spawn(name, program, args));
    }
  }

  #start(program: string, args: readonly string[]): void {
    this.#daemons.push(this.#spawn(program, program, args));
  }

  #spawn(name: string, program: string, args: readonly string[]): ChildProcess {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...this.env },
    });
    const out = createWriteStream(join(this.folder, 'log', `${name}.out`));
    child.stdout?.pipe(out, { end: false });
    child.stderr?.pipe(out, { end: false });
    return child;
  }

  /** @returns why it does not */
  async #comesUp(nodes: number): Promise<string | undefined> {
    const end = Date.now() + PATIENCE_MS / 3;
    let last = '';
    while (Date.now() < end) {
      const gone = this.#daemons.find(({ exitCode }) => exitCode !== null);
      if (gone !== undefined) return `${gone.spawnfile} ended with ${gone.exitCode}`;
      last = await this.say('sinfo', '-h', '-N', '-p', 'main', '-o', '%T').catch(
        ({ message }: Error) => message,
      );
      if (last.split('\n').filter((state) => state === 'idle').length === nodes) return undefined;
      await sleep(LOOK_MS);
    }
    return `its nodes do not come up: ${last}`;
  }
}

async function waitFor<T>(
  look: () => Promise<T | undefined>,
  what: () => Promise<string>,
): Promise<T> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`waited in vain for ${await what()}`);
    await sleep(LOOK_MS);
  }
}

async function firstOf(unshare: number): Promise<number | undefined> {
  const children = await readFile(`/proc/${unshare}/task/${unshare}/children`, 'utf8');
  const [first] = children.trim().split(' ');
  return first ? Number(first) : undefined;
}

/** All different, because they are taken at once. */
async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = [];
  for (let i = 0; i < count; i++) {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
  }
  return Promise.all(
    servers.map(async (server) => {
      const address = server.address();
      server.close();
      await once(server, 'close');
      return typeof address === 'object' && address !== null ? address.port : 0;
    }),
  );
}

/**
 * No limits by cgroups and no accounts; what a job is may be asked for an hour. A node is down when it was not heard
 * of for half a minute, and what is requeued may start again after ten seconds (`cred_expire`; two minutes else).
 */
function configuration(folder: string, nodes: readonly string[], ports: readonly number[]): string {
  const at = (name: string) => join(folder, name);
  const host = hostname().split('.')[0];
  const [controller, ...others] = ports;
  const partition = `Nodes=${nodes.join(',')} MaxTime=1-0`;
  return `ClusterName=test
SlurmctldHost=${host}(127.0.0.1)
SlurmctldPort=${controller}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=${at('run/munge')},cred_expire=10
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc=${at('log/jobcomp.txt')}
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SlurmdTimeout=30
MessageTimeout=20
BatchStartTimeout=300
MinJobAge=3600
JobRequeue=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
StateSaveLocation=${at('state')}
SlurmdSpoolDir=${at('spool')}/%n
SlurmctldPidFile=${at('run/slurmctld.pid')}
SlurmdPidFile=${at('run/slurmd-%n.pid')}
SlurmctldLogFile=${at('log/slurmctld.log')}
SlurmdLogFile=${at('log/%n.log')}
SlurmdParameters=config_overrides
${nodes.map((name, i) => `NodeName=${name} NodeHostname=${host} NodeAddr=127.0.0.1 Port=${others[i]} CPUs=2 RealMemory=64000 State=UNKNOWN\n`).join('')}PartitionName=main ${partition} Default=YES PriorityTier=1 PreemptMode=REQUEUE
PartitionName=urgent ${partition} PriorityTier=10 PreemptMode=OFF
`;
}
