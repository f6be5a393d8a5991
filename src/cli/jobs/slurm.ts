import {
  FILES_SHARED,
  FINAL_CODES,
  finaliseWords,
  GRACE_SECONDS,
  type Job,
  MOST_RETRIES,
  shardWords,
} from './job.js';
import { heredoc, oneLine, shellWord } from './quoted.js';

/**
 * A script that submits itself: run by bash it hands in the array and the finaliser after it, run by Slurm it is a
 * task of the array.
 */
export function slurmJob(job: Job): string {
  const { name, shards, cores, memoryMiB, seconds, queue, config, settings } = job;
  const ingest = words(['geocubes', ...shardWords(job), '--config', config]);
  const perShard = FILES_SHARED.flatMap((option) => {
    const path = settings.get(option);
    return path === undefined
      ? []
      : [`--${option} ${shellWord(`${path}.shards/`)}"$shard${ENDINGS[option]}"`];
  });
  const folders = FILES_SHARED.flatMap((option) => {
    const path = settings.get(option);
    return path === undefined ? [] : [`mkdir -p ${shellWord(`${path}.shards`)}`];
  });
  const finaliser = [
    '#!/bin/bash',
    `#SBATCH --job-name=${name}-finalise`,
    ...(queue === undefined ? [] : [`#SBATCH --partition=${queue}`]),
    `#SBATCH --cpus-per-task=${cores}`,
    `#SBATCH --mem=${memoryMiB}M`,
    `#SBATCH --time=${timeOf(seconds)}`,
    '#SBATCH --requeue',
    `#SBATCH --output=${name}-finalise-%j.log`,
    `exec ${words(['geocubes', ...finaliseWords(job), '--config', config])}`,
  ].join('\n');
  return `#!/bin/bash
#SBATCH --job-name=${name}
#SBATCH --array=1-${shards}
${queue === undefined ? '' : `#SBATCH --partition=${queue}\n`}#SBATCH --cpus-per-task=${cores}
#SBATCH --mem=${memoryMiB}M
#SBATCH --time=${timeOf(seconds)}
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=B:USR1@${GRACE_SECONDS}
#SBATCH --output=${name}-%A_%a.log
#
# ${shards} shards of ${oneLine(config)}, and what is done after them:
#
#   bash THIS_FILE        hands in both
#
# Memory and cores are those of "geocubes plan". Credentials: a key on the shared file system that you alone can read
# (chmod 600), named by GEOCUBES_KEY_FILE or "key-file" of the settings; never a token in this file.
set -u

if [ -z "\${SLURM_JOB_ID:-}" ]; then
  array=$(sbatch --parsable "$0") || exit
  # After all shards have ended, however they did: what is missing is what it looks for.
  finaliser=$(sbatch --parsable --dependency="afterany:\${array%%;*}" ${heredoc(finaliser)}
  ) || exit
  echo "shards: \${array%%;*}, finaliser: \${finaliser%%;*}"
  exit
fi

shard=\${SLURM_ARRAY_TASK_ID:?it is a task of an array: hand it in from outside of a job}
again='' ended='' child=''
# Slurm signals this shell alone ${GRACE_SECONDS} s before the end of its time: what is fetched is committed, the rest is for another try.
trap 'again=yes; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null' USR1
# Who ends a job (preemption, scancel) sends TERM to all of it, and decides whether it is begun again.
trap 'ended=yes' TERM
${folders.map((each) => `${each}\n`).join('')}${ingest}${perShard.map((each) => ` \\\n  ${each}`).join('')} &
child=$!
[ -z "$again" ] || kill -TERM "$child" 2>/dev/null
wait "$child"
# A trap ends a wait, not the child.
while kill -0 "$child" 2>/dev/null; do wait "$child"; done
wait "$child"
code=$?

case $code in
  0) exit 0 ;;
  # Some tiles failed: the finaliser lists them.
  3) exit 0 ;;
  # A wrong call, or credentials: another try would end in the same way.
  ${FINAL_CODES.join(' | ')}) exit "$code" ;;
esac
if [ -n "$ended" ] && [ -z "$again" ]; then exit "$code"; fi
if [ "\${SLURM_RESTART_COUNT:-0}" -lt ${MOST_RETRIES} ]; then
  echo "shard $shard ended with $code and is handed in again" >&2
  scontrol requeue "\${SLURM_ARRAY_JOB_ID}_$shard" && sleep 30
fi
exit "$code"
`;
}

/** Of what each shard writes. */
const ENDINGS = { 'log-file': '.ndjson' } as const;

function words(all: readonly string[]): string {
  return all.map(shellWord).join(' ');
}

/** Hours, minutes and seconds. */
function timeOf(seconds: number): string {
  const two = (number: number) => String(Math.floor(number)).padStart(2, '0');
  return `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
}
