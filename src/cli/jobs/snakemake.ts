import { FILES_SHARED, hasOwnStores, type Job, MOST_RETRIES } from './job.js';
import { oneLine } from './quoted.js';

/** A Snakefile: a rule for the shards, and one after them. What is in the settings reaches no shell but by `:q`. */
export function snakemakeJob(job: Job): string {
  const { name, shards, config, cores, memoryMiB, seconds, settings } = job;
  const own = FILES_SHARED.flatMap((option) => {
    const path = settings.get(option);
    return path === undefined ? [] : [[`--${option}`, `${path}.shards`] as const];
  });
  const params = own.map(
    ([option, folder]) =>
      `        ${option.slice(2).replace('-', '_')}=lambda wildcards: os.path.join(${python(`${option}=${folder}`)}, wildcards.shard),\n`,
  );
  const folders = own
    .map(([, folder]) => `os.makedirs(${python(folder)}, exist_ok=True)\n`)
    .join('');
  const words = own.map(([option]) => ` {params.${option.slice(2).replace('-', '_')}:q}`).join('');
  const merge = hasOwnStores(settings) ? ' --merge' : '';
  const threads = settings.has('threads') ? '' : ' --threads {threads}';
  return `# ${shards} shards of ${oneLine(config)}, and what is done after them:
#
#   snakemake --snakefile THIS_FILE --cores all        (or with an executor's profile: --profile slurm)
#
# Memory and cores are those of "geocubes plan". Credentials: GEOCUBES_KEY_FILE in the environment, or "key-file" of
# the settings.
${own.length > 0 ? `import os\n\n${folders}` : ''}CONFIG = ${python(config)}
SHARDS = ${shards}


localrules:
    all,


rule all:
    input:
        ${python(`${name}/finalised`)},


# A wrong call ends here, once, and not in each shard again and again.
rule check:
    output:
        touch(${python(`${name}/checked`)}),
    log:
        ${python(`${name}/logs/check.log`)},
    params:
        config=lambda wildcards: CONFIG,
    resources:
        mem_mb=${memoryMiB},
        runtime=60,
    retries: 0
    shell:
        "geocubes plan --config {params.config:q} > {log:q} 2>&1"


rule shard:
    input:
        ${python(`${name}/checked`)},
    output:
        touch(${python(`${name}/shards/{shard}`)}),
    log:
        ${python(`${name}/logs/{shard}.log`)},
    params:
        config=lambda wildcards: CONFIG,
        shards=SHARDS,
${params.join('')}    threads: ${cores}
    resources:
        mem_mb=${memoryMiB},
        runtime=${Math.ceil(seconds / 60)},
    retries: ${MOST_RETRIES}
    shell:
        # 3: some tiles failed; the finaliser lists them.
        "geocubes ingest --config {params.config:q} --shard {wildcards.shard}/{params.shards}${threads}${words} --quiet"
        " >> {log:q} 2>&1 || {{ code=$?; [ $code -eq 3 ] || exit $code; }}"


rule finalise:
    input:
        expand(${python(`${name}/shards/{shard}`)}, shard=range(1, SHARDS + 1)),
    output:
        touch(${python(`${name}/finalised`)}),
    log:
        ${python(`${name}/logs/finalise.log`)},
    params:
        config=lambda wildcards: CONFIG,
        shards=SHARDS,
    threads: ${cores}
    resources:
        mem_mb=${memoryMiB},
        runtime=${Math.ceil(seconds / 60)},
    shell:
        "geocubes finalise --config {params.config:q} --shards {params.shards}${merge} > {log:q} 2>&1"
`;
}

/** A text of Python: JSON's escapes are Python's too, but for characters outside the first plane, which JSON writes as they are. */
function python(text: string): string {
  return JSON.stringify(text);
}
