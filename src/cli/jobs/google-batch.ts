import {
  environmentOf,
  FINAL_CODES,
  finaliseWords,
  type Job,
  MOST_RETRIES,
  RETRY_CODES,
  RUN_SHARD,
  shardWords,
} from './job.js';
import { heredoc, jsonOf, oneLine, shellWord } from './quoted.js';

/** What Google Batch calls a machine that was preempted, stopped answering, or was restarted. */
const LOST_CODES = [50_001, 50_002, 50_003] as const;

/** A script that hands in the shards, waits for them, and hands in the finaliser: Google Batch knows no order of jobs. */
export function googleBatchJob(job: Job): string {
  const { name, shards, config, location = '' } = job;
  const where = shellWord(`--location=${location}`);
  return `#!/bin/bash
# ${shards} shards of ${oneLine(config)}, and what is done after them:
#
#   bash THIS_FILE        hands in both; wants the gcloud command line, and waits
#
# Memory and cores are those of "geocubes plan"; the settings are in the environment. The service account of the
# machines is that of Earth Engine and of the bucket: no key is needed.
set -euo pipefail

run=${name}-$(date +%s)
gcloud batch jobs submit "$run" ${where} --config=- ${heredoc(jsonOf(shardsOf(job)))}
until state=$(gcloud batch jobs describe "$run" ${where} --format='value(status.state)') &&
  [[ $state == SUCCEEDED || $state == FAILED ]]; do
  sleep 60
done
# However the shards ended: what is missing is what it looks for.
gcloud batch jobs submit "$run-finalise" ${where} --config=- ${heredoc(jsonOf(finaliserOf(job)))}
`;
}

function shardsOf(job: Job): object {
  const { shards } = job;
  return jobOf(job, ['/bin/sh', '-c', RUN_SHARD, 'geocubes', ...shardWords(job)], shards);
}

function finaliserOf(job: Job): object {
  return jobOf(job, ['geocubes', ...finaliseWords(job)], 1);
}

function jobOf(job: Job, commands: readonly string[], taskCount: number): object {
  const { name, image, cores, memoryMiB, seconds, serviceAccount } = job;
  return {
    labels: { app: 'geocubes', run: name },
    taskGroups: [
      {
        taskCount,
        parallelism: taskCount,
        taskSpec: {
          runnables: [{ container: { imageUri: image, commands } }],
          environment: { variables: Object.fromEntries(environmentOf(job)) },
          computeResource: { cpuMilli: cores * 1000, memoryMib: memoryMiB },
          maxRetryCount: MOST_RETRIES,
          maxRunDuration: `${seconds}s`,
          lifecyclePolicies: [
            { action: 'FAIL_TASK', actionCondition: { exitCodes: [...FINAL_CODES, 3].sort() } },
            {
              action: 'RETRY_TASK',
              actionCondition: { exitCodes: [...RETRY_CODES, ...LOST_CODES] },
            },
          ],
        },
      },
    ],
    allocationPolicy: {
      instances: [{ policy: { provisioningModel: 'SPOT' } }],
      ...(serviceAccount === undefined ? {} : { serviceAccount: { email: serviceAccount } }),
    },
    logsPolicy: { destination: 'CLOUD_LOGGING' },
  };
}
