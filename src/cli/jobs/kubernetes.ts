import {
  environmentOf,
  FINAL_CODES,
  finaliseWords,
  GRACE_SECONDS,
  type Job,
  MOST_RETRIES,
  RUN_SHARD,
  shardWords,
} from './job.js';
import { oneLine, type Plain, yamlOf } from './quoted.js';

/** An Indexed Job, and the finaliser as one that is suspended until somebody lets it go: Kubernetes knows no order of jobs. */
export function kubernetesJob(job: Job): string {
  const { name, shards, config } = job;
  const finaliser = `${name}-finalise`;
  return `# ${shards} shards of ${oneLine(config)}, and what is done after them:
#
#   kubectl create secret generic ${name} --from-file=key.json   # or bind the service account to one of Google's
#   kubectl create secret generic ${name}-store --from-literal=AWS_ACCESS_KEY_ID=...   # where the bucket wants keys
#   kubectl apply -f THIS_FILE
#   kubectl wait --for=condition=Complete --timeout=-1s job/${name}
#   kubectl patch job/${finaliser} --type=merge -p '{"spec":{"suspend":false}}'
#   kubectl logs -f job/${finaliser}
#
# Memory and cores are those of "geocubes plan"; the settings are in the environment.
${documentOf(shardsOf(job))}---
${documentOf(finaliserOf(job, finaliser))}`;
}

function documentOf(value: Plain): string {
  return `${yamlOf(value).trimStart()}\n`;
}

function shardsOf(job: Job): Plain {
  const { name, shards, seconds } = job;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, labels: { app: 'geocubes' } },
    spec: {
      completionMode: 'Indexed',
      completions: shards,
      parallelism: shards,
      backoffLimitPerIndex: MOST_RETRIES,
      // One shard that cannot be done does not end the others.
      maxFailedIndexes: shards,
      podFailurePolicy: {
        rules: [
          // A wrong call, or credentials: another try would end in the same way.
          {
            action: 'FailJob',
            onExitCodes: { containerName: 'geocubes', operator: 'In', values: FINAL_CODES },
          },
          // Preempted and drained pods are no failures.
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
        ],
      },
      template: {
        metadata: { labels: { app: 'geocubes', run: name } },
        spec: {
          ...podOf(job, ['/bin/sh', '-c', RUN_SHARD, 'geocubes', ...shardWords(job)]),
          activeDeadlineSeconds: seconds,
        },
      },
    },
  };
}

function finaliserOf(job: Job, name: string): Plain {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, labels: { app: 'geocubes' } },
    spec: {
      suspend: true,
      backoffLimit: MOST_RETRIES,
      podFailurePolicy: {
        rules: [
          {
            action: 'FailJob',
            // 3: tiles are missing, and it has said which.
            onExitCodes: {
              containerName: 'geocubes',
              operator: 'In',
              values: [...FINAL_CODES, 3].sort(),
            },
          },
        ],
      },
      template: {
        metadata: { labels: { app: 'geocubes', run: name } },
        spec: podOf(job, ['geocubes', ...finaliseWords(job)]),
      },
    },
  };
}

/** Kubernetes puts other variables in the place of `$(NAME)`, and one dollar in that of two. */
function unexpanded(value: string): string {
  return value.replaceAll('$', '$$$$');
}

function podOf(
  job: Job,
  command: readonly string[],
): { readonly [key: string]: Plain | undefined } {
  const { name, image = '', cores, memoryMiB, serviceAccount } = job;
  const resources = { cpu: String(cores), memory: `${memoryMiB}Mi` };
  return {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: GRACE_SECONDS,
    serviceAccountName: serviceAccount,
    containers: [
      {
        name: 'geocubes',
        image,
        command,
        env: [
          ...environmentOf(job).map(([variable, value]) => ({
            name: variable,
            value: unexpanded(value),
          })),
          ...(serviceAccount === undefined
            ? [{ name: 'GEOCUBES_KEY_FILE', value: '/secrets/key.json' }]
            : []),
        ],
        // Keys of a bucket that no account opens.
        envFrom: [{ secretRef: { name: `${name}-store`, optional: true } }],
        resources: { requests: resources, limits: { memory: resources.memory } },
        ...(serviceAccount === undefined
          ? { volumeMounts: [{ name: 'key', mountPath: '/secrets', readOnly: true }] }
          : {}),
      },
    ],
    ...(serviceAccount === undefined
      ? { volumes: [{ name: 'key', secret: { secretName: name } }] }
      : {}),
  };
}
