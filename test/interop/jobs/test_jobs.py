"""What `geocubes job` writes: valid by what each scheduler publishes, and run with the scheduler's commands replaced by
ones that note how they were called. Settings hold what would act in a shell, were it not quoted."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import botocore.loaders
import botocore.model
import botocore.validate
import kubernetes_validate
import pytest
import yaml
from google.cloud import batch_v1
from google.protobuf import json_format

MAIN = Path(__file__).parents[3] / "dist" / "cli" / "main.js"
NODE = os.environ.get("GEOCUBES_NODE", "node")
SHARDS = 4
HOSTILE = "it's $(touch pwned) `touch pwned` \"$HOME\" {x} \\ %s\nEND\n#"


@pytest.fixture
def place(tmp_path):
    # A folder whose name wants quotes.
    folder = tmp_path / "a b's $(touch pwned) {x}"
    (folder / "bin").mkdir(parents=True)
    return folder


def write_job(folder, platform, settings, *more):
    config = folder / "night.json"
    config.write_text(json.dumps(settings))
    words = [NODE, str(MAIN), "job", platform, "--config", "night.json", "--shards", str(SHARDS)]
    made = subprocess.run(
        [*words, "--task-memory", "2GB", *more], cwd=folder, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    return made.stdout


def cloud_settings():
    return {"store": "s3://bucket/cube", "bbox": [120, 70, 130, 76], "project": HOSTILE, "max-outage": "30min"}


def local_settings(**more):
    return {"store": "cubes/x", "bbox": [120, 70, 130, 76], "project": HOSTILE, **more}


CONTAINER = ["--image", "registry.example/geocubes:1"]


def replace_command(folder, name, body):
    """A command of that name which notes its arguments, its standard input with `stdin`, and does `body`."""
    path = folder / "bin" / name
    path.write_text(
        f"""#!{sys.executable}
import json, os, pathlib, sys, time
here = pathlib.Path(__file__).parent
def note(**more):
    with open(here / "{name}.ndjson", "a") as file:
        file.write(json.dumps({{"args": sys.argv[1:], **more}}) + "\\n")
{body}
"""
    )
    path.chmod(0o755)


def notes(folder, name):
    path = folder / "bin" / f"{name}.ndjson"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def run_script(folder, text, **env):
    script = folder / "job.sh"
    script.write_text(text)
    checked = subprocess.run(["bash", "-n", str(script)], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
    if shutil.which("shellcheck"):
        # What looks like an expansion within quotes is part of a name.
        found = subprocess.run(
            ["shellcheck", "--exclude=SC2016", str(script)], capture_output=True, text=True, check=False
        )
        assert found.stdout == ""
    return subprocess.Popen(
        ["bash", str(script)],
        cwd=folder,
        env={**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}", **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def assert_nothing_acted(folder):
    assert [str(path) for path in Path(folder).parent.rglob("pwned")] == []


def expanded(text):
    """As Kubernetes does it with values of the environment: https://pkg.go.dev/k8s.io/kubernetes/third_party/forked/golang/expansion"""
    out, i = "", 0
    while i < len(text):
        if text[i] == "$" and i + 1 < len(text):
            assert text[i + 1] != "(", "a variable would be put in"
            if text[i + 1] == "$":
                i += 1
        out += text[i]
        i += 1
    return out


@pytest.mark.parametrize("account", [[], ["--service-account", "geocubes"]])
def test_kubernetes_manifests_are_valid_and_bring_settings_as_they_are(place, account):
    text = write_job(place, "kubernetes", cloud_settings(), *CONTAINER, *account)
    shards, finaliser = yaml.safe_load_all(text)
    for document in (shards, finaliser):
        kubernetes_validate.validate(document, "1.31", strict=True)
        (container,) = document["spec"]["template"]["spec"]["containers"]
        env = {one["name"]: expanded(one["value"]) for one in container["env"]}
        assert env["GEOCUBES_PROJECT"] == HOSTILE
        assert env["GEOCUBES_BBOX"] == "120,70,130,76"
        assert "GEOCUBES_TOKEN" not in env
    spec = shards["spec"]
    assert (spec["completionMode"], spec["completions"]) == ("Indexed", SHARDS)
    assert {"FailJob": [2, 4]} == {
        rule["action"]: rule["onExitCodes"]["values"]
        for rule in spec["podFailurePolicy"]["rules"]
        if "onExitCodes" in rule
    }
    assert finaliser["spec"]["suspend"] is True
    assert ("serviceAccountName" in spec["template"]["spec"]) == bool(account)


def test_what_a_container_runs_ends_with_the_codes_that_a_scheduler_goes_by(place):
    text = write_job(place, "kubernetes", cloud_settings(), *CONTAINER)
    shards = next(yaml.safe_load_all(text))
    command = shards["spec"]["template"]["spec"]["containers"][0]["command"]
    replace_command(place, "geocubes", "note(); sys.exit(int(os.environ['CODE']))")
    for code, ends in [(0, 0), (1, 1), (2, 2), (3, 0), (4, 4), (130, 130)]:
        env = {**os.environ, "PATH": f"{place / 'bin'}:{os.environ['PATH']}", "CODE": str(code)}
        assert subprocess.run(command, env=env, check=False).returncode == ends
    assert notes(place, "geocubes")[0]["args"][:5] == ["ingest", "--shard", "auto", "--shards", "4"]


def test_aws_batch_calls_are_valid_by_the_services_model(place):
    text = write_job(place, "aws-batch", cloud_settings(), *CONTAINER, "--queue", "night")
    replace_command(place, "aws", "note(); print('id-' + sys.argv[2])")
    script = run_script(place, text)
    out, err = script.communicate()
    assert (script.returncode, err) == (0, "")
    assert out == "geocubes: shards id-submit-job, finaliser id-submit-job\n"
    model = botocore.model.ServiceModel(
        botocore.loaders.Loader().load_service_model("batch", "service-2"), "batch"
    )
    operations = {"register-job-definition": "RegisterJobDefinition", "submit-job": "SubmitJob"}
    bodies = []
    for call in notes(place, "aws"):
        body = json.loads(call["args"][call["args"].index("--cli-input-json") + 1])
        shape = model.operation_model(operations[call["args"][1]]).input_shape
        report = botocore.validate.ParamValidator().validate(body, shape)
        assert not report.has_errors(), report.generate_report()
        bodies.append(body)
    definition, array, finaliser = bodies
    env = {one["name"]: one["value"] for one in definition["containerProperties"]["environment"]}
    assert env["GEOCUBES_PROJECT"] == HOSTILE
    assert array["arrayProperties"] == {"size": SHARDS}
    assert "arrayProperties" not in finaliser
    assert "jobId=id-submit-job" in notes(place, "aws")[2]["args"]
    exits = [one.get("onExitCode") for one in definition["retryStrategy"]["evaluateOnExit"]]
    # The service takes five of these, and a number of tries from 1 to 10.
    assert len(exits) <= 5 and exits[:2] == ["2", "4"]
    assert 1 <= definition["retryStrategy"]["attempts"] <= 10
    assert_nothing_acted(place)


def test_google_batch_jobs_are_messages_of_the_service(place):
    text = write_job(place, "google-batch", cloud_settings(), *CONTAINER, "--location", "europe-west4")
    replace_command(
        place, "gcloud", "note(stdin=sys.stdin.read() if 'submit' in sys.argv else ''); print('FAILED')"
    )
    script = run_script(place, text)
    _, err = script.communicate()
    assert (script.returncode, err) == (0, "")
    shards, described, finaliser = notes(place, "gcloud")
    assert described["args"][2] == "describe"
    for call, count in [(shards, SHARDS), (finaliser, 1)]:
        job = json_format.Parse(call["stdin"], batch_v1.Job()._pb)
        (group,) = job.task_groups
        assert group.task_count == count
        assert group.task_spec.environment.variables["GEOCUBES_PROJECT"] == HOSTILE
        fail, again = group.task_spec.lifecycle_policies
        assert list(fail.action_condition.exit_codes) == [2, 3, 4]
        assert {1, 130, 50001} <= set(again.action_condition.exit_codes)
    assert_nothing_acted(place)


@pytest.fixture
def slurm(place):
    settings = local_settings(**{"log-file": HOSTILE.replace("\n", " ")}, failed="failed.ndjson", report="reports/x")
    text = write_job(place, "slurm", settings, "--queue", "short")
    replace_command(place, "sbatch", "note(stdin='' if sys.stdin.isatty() else sys.stdin.read()); print('17;cluster')")
    replace_command(place, "scontrol", "note()")
    replace_command(place, "sleep", "pass")
    return text


TASK = {"SLURM_JOB_ID": "18", "SLURM_ARRAY_JOB_ID": "17", "SLURM_ARRAY_TASK_ID": "3"}


def test_the_slurm_script_hands_in_the_array_and_the_finaliser_after_it(place, slurm):
    script = run_script(place, slurm)
    out, err = script.communicate()
    assert (script.returncode, out, err) == (0, "shards: 17, finaliser: 17\n", "")
    array, finaliser = notes(place, "sbatch")
    assert array["args"] == ["--parsable", str(place / "job.sh")]
    assert finaliser["args"] == ["--parsable", "--dependency=afterany:17"]
    # It is a script too, and calls the command with the settings' own path.
    replace_command(place, "geocubes", "note()")
    run_script(place, finaliser["stdin"]).communicate()
    assert notes(place, "geocubes")[0]["args"] == [
        *["finalise", "--shards", "4", "--config"],
        str(place / "night.json"),
    ]
    assert "#SBATCH --signal=B:USR1@60" in slurm and "#SBATCH --array=1-4" in slurm
    assert_nothing_acted(place)


@pytest.mark.parametrize(
    ("code", "restarts", "ends", "requeues"),
    [(0, 0, 0, 0), (3, 0, 0, 0), (2, 0, 2, 0), (4, 0, 4, 0), (1, 0, 1, 1), (137, 2, 137, 1), (1, 6, 1, 0)],
)
def test_a_task_of_slurm_is_handed_in_again_where_that_may_help(place, slurm, code, restarts, ends, requeues):
    replace_command(place, "geocubes", f"note(); sys.exit({code})")
    script = run_script(place, slurm, SLURM_RESTART_COUNT=str(restarts), **TASK)
    _, err = script.communicate()
    assert script.returncode == ends, err
    assert [one["args"] for one in notes(place, "scontrol")] == [["requeue", "17_3"]] * requeues
    args = notes(place, "geocubes")[0]["args"]
    assert args[args.index("--config") + 1] == str(place / "night.json")
    # All shards name the folder that is in the settings.
    assert "--report" not in args
    # The command puts the shard into the name of its list.
    assert "--failed" not in args
    assert args[args.index("--log-file") + 1] == HOSTILE.replace("\n", " ") + ".shards/3.ndjson"
    assert_nothing_acted(place)


STOPPED_BY_TERM = """
import signal
def stop(*_):
    note(stopped=True)
    sys.exit(130)
signal.signal(signal.SIGTERM, stop)
(here / 'running').write_text(str(os.getpid()))
while True: time.sleep(1)
"""


def started(place, script):
    """The command's pid."""
    path = place / "bin" / "running"
    while not (path.exists() and path.read_text()):
        assert script.poll() is None
        time.sleep(0.05)
    return int(path.read_text())


def test_a_task_of_slurm_whose_time_is_over_waits_for_what_is_committed_and_is_handed_in_again(place, slurm):
    replace_command(place, "geocubes", STOPPED_BY_TERM)
    script = run_script(place, slurm, **TASK)
    started(place, script)
    # As Slurm does it with B: to the shell alone.
    script.send_signal(signal.SIGUSR1)
    script.communicate()
    assert script.returncode == 130
    assert [one["stopped"] for one in notes(place, "geocubes")] == [True]
    assert [one["args"] for one in notes(place, "scontrol")] == [["requeue", "17_3"]]


def test_a_task_of_slurm_that_somebody_ends_is_told_once_and_not_handed_in_again(place, slurm):
    replace_command(place, "geocubes", STOPPED_BY_TERM)
    script = run_script(place, slurm, **TASK)
    command = started(place, script)
    # As Slurm does it when a job is preempted or cancelled: to all of its processes.
    script.send_signal(signal.SIGTERM)
    os.kill(command, signal.SIGTERM)
    script.communicate()
    assert script.returncode == 130
    assert [one["stopped"] for one in notes(place, "geocubes")] == [True]
    assert notes(place, "scontrol") == []


@pytest.fixture
def snakefile(place):
    settings = local_settings(**{"log-file": "it's $(touch pwned) {y}.ndjson"})
    path = place / "Snakefile"
    path.write_text(write_job(place, "snakemake", settings))
    return path


def snakemake(place, *args):
    return subprocess.run(
        [sys.executable, "-m", "snakemake", "--snakefile", "Snakefile", *args],
        cwd=place,
        env={**os.environ, "PATH": f"{place / 'bin'}:{os.environ['PATH']}", "XDG_CACHE_HOME": str(place)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_snakemake_runs_each_shard_once_and_the_finaliser_after_all(place, snakefile):
    replace_command(place, "geocubes", "note(); sys.exit(3 if sys.argv[1] == 'ingest' else 0)")
    dry = snakemake(place, "--dry-run", "--cores", "4")
    assert dry.returncode == 0, dry.stderr + dry.stdout
    run = snakemake(place, "--cores", "4")
    assert run.returncode == 0, run.stderr + run.stdout
    calls = [one["args"] for one in notes(place, "geocubes")]
    assert [call[0] for call in calls] == ["plan", *["ingest"] * SHARDS, "finalise"]
    assert all(call[call.index("--config") + 1] == str(place / "night.json") for call in calls)
    shards = sorted(call[call.index("--shard") + 1] for call in calls[1:-1])
    assert shards == [f"{i}/4" for i in range(1, SHARDS + 1)]
    assert all(any(word.startswith("--log-file=it's $(touch pwned) {y}.ndjson.shards/") for word in call) for call in calls[1:-1])
    assert_nothing_acted(place)


def test_snakemake_tries_no_wrong_call_again(place, snakefile):
    replace_command(place, "geocubes", "note(); sys.exit(2)")
    assert snakemake(place, "--cores", "4").returncode != 0
    assert [one["args"][0] for one in notes(place, "geocubes")] == ["plan"]


def test_snakemake_misses_nothing_but_what_is_left_to_its_user(place, snakefile):
    lint = snakemake(place, "--lint")
    titles = {line.strip()[2:].split(" \"")[0] for line in (lint.stdout + lint.stderr).splitlines() if line.startswith("    * ")}
    # Settings lie where they lie; how the command comes to the nodes is the site's own.
    assert titles == {"Absolute path", "Specify a conda environment or container for each rule.:"}


def test_the_container_file_has_nothing_that_its_linter_minds():
    found = subprocess.run(
        [str(Path(sys.executable).parent / "hadolint"), str(MAIN.parents[2] / ".github" / "Containerfile")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.returncode, found.stdout) == (0, "")
