#!/bin/bash
# Renews the locks and the environment of the container from the *.in files: `make lock`.
# With names of locks, renews only these: requirements/lock.sh repo2docker audit
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
uv=../.venv/bin/uv

[ $# -gt 0 ] || set -- cpu gpu dev notebook distributed repo2docker audit
for variant in "$@"; do
    "$uv" pip compile --quiet --upgrade --python-version 3.11 \
        --python-platform x86_64-manylinux_2_28 --generate-hashes --no-annotate \
        --custom-compile-command "make lock" "$variant.in" --output-file "$variant.lock"
done
./environment.sh gpu.lock > ../environment.yml
