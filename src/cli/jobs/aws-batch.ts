import {
  environmentOf,
  FINAL_CODES,
  finaliseWords,
  type Job,
  MOST_RETRIES,
  RUN_SHARD,
  shardWords,
} from './job.js';
import { heredoc, jsonOf, oneLine } from './quoted.js';

/** A script of three calls: what a task is, the array of them, and the finaliser that waits for it. */
export function awsBatchJob(job: Job): string {
  const { name, shards, config } = job;
  return `#!/bin/bash
# ${shards} shards of ${oneLine(config)}, and what is done after them:
#
#   bash THIS_FILE        hands in both; wants the AWS command line
#
# Memory and cores are those of "geocubes plan"; the settings are in the environment. The store's credentials are the
# job's role. Earth Engine's: a key in Secrets Manager, named in "secrets" of the container as EE_SERVICE_ACC_PRIVATE_KEY.
set -euo pipefail

aws batch register-job-definition --cli-input-json "$(cat ${heredoc(jsonOf(definitionOf(job)))}
)" >/dev/null
array=$(aws batch submit-job --query jobId --output text --cli-input-json "$(cat ${heredoc(jsonOf(arrayOf(job)))}
)")
finaliser=$(aws batch submit-job --query jobId --output text --depends-on "jobId=$array" --cli-input-json "$(cat ${heredoc(jsonOf(finaliserOf(job)))}
)")
echo "${name}: shards $array, finaliser $finaliser"
`;
}

function definitionOf(job: Job): object {
  const { name, image, cores, memoryMiB, seconds, serviceAccount } = job;
  return {
    jobDefinitionName: name,
    type: 'container',
    platformCapabilities: ['EC2'],
    containerProperties: {
      image,
      command: ['/bin/sh', '-c', RUN_SHARD, 'geocubes', ...shardWords(job)],
      environment: environmentOf(job).map(([variable, value]) => ({ name: variable, value })),
      resourceRequirements: [
        { type: 'VCPU', value: String(cores) },
        { type: 'MEMORY', value: String(memoryMiB) },
      ],
      ...(serviceAccount === undefined ? {} : { jobRoleArn: serviceAccount }),
    },
    retryStrategy: {
      attempts: MOST_RETRIES,
      evaluateOnExit: [
        ...FINAL_CODES.map((code) => ({ onExitCode: String(code), action: 'EXIT' })),
        // Of the finaliser: tiles are missing, and it has said which.
        { onExitCode: '3', action: 'EXIT' },
        { onReason: '*', action: 'RETRY' },
      ],
    },
    timeout: { attemptDurationSeconds: seconds },
  };
}

function arrayOf({ name, shards, queue }: Job): object {
  return {
    jobName: name,
    jobQueue: queue,
    jobDefinition: name,
    // A single job is no array.
    ...(shards > 1 ? { arrayProperties: { size: shards } } : {}),
  };
}

function finaliserOf(job: Job): object {
  const { name, queue } = job;
  return {
    jobName: `${name}-finalise`,
    jobQueue: queue,
    jobDefinition: name,
    containerOverrides: { command: ['geocubes', ...finaliseWords(job)] },
  };
}
