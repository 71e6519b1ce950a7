#!/usr/bin/env bash
# Ray 2.60.0: when a worker dies, the driver's *standard output* gets a message of Ray's, also with `log_to_driver=False` and
# `logging_level="ERROR"`, and although the program catches the error.
#
# A program that prints a document for others to parse, and starts actors that may be killed, prints two things then. (From memory
# one expects such messages in a log, on standard error, or nowhere once `log_to_driver` is off, which "disables output of
# worker processes": this one comes from the driver's own thread for errors.)
#
# Seen:
#     caught: ActorDiedError
#     lines of Ray on standard output: some
#     lines of Ray on standard error: none
#
# Exits with 0 where that is still so, and with 1 where it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --target "$folder/packages" ray==2.60.0

cat > "$folder/show.py" <<'PYTHON'
import os
import signal
import sys
import time

import ray

ray.init(num_cpus=1, log_to_driver=False, logging_level="ERROR", include_dashboard=False)


@ray.remote
class Actor:
    def pid(self):
        return os.getpid()

    def work(self):
        time.sleep(600)


actor = Actor.remote()
pid = ray.get(actor.pid.remote())
working = actor.work.remote()
time.sleep(1)
os.kill(pid, signal.SIGKILL)
try:
    ray.get(working)
except ray.exceptions.RayActorError as error:
    print(f"OURS {type(error).__name__}", file=sys.stderr)
time.sleep(10)
PYTHON
RAY_USAGE_STATS_ENABLED=0 PYTHONPATH="$folder/packages" timeout 300 python3 "$folder/show.py" > "$folder/out" 2> "$folder/err"
some() { if [ "$1" -gt 0 ]; then echo some; else echo none; fi; }
seen="caught: $(sed -n 's/^OURS //p' "$folder/err" | head -n 1)
lines of Ray on standard output: $(some "$(grep -c 'A worker died or was killed' "$folder/out" || true)")
lines of Ray on standard error: $(some "$(grep -c 'A worker died or was killed' "$folder/err" || true)")"
echo "$seen"
[ "$seen" = "caught: ActorDiedError
lines of Ray on standard output: some
lines of Ray on standard error: none" ]
