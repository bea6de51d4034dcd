#!/bin/bash
# Renews the locks and the environment of the container from the *.in files: `make lock`.
# With names of locks, renews only these: requirements/lock.sh repo2docker audit
# UPGRADE= keeps every version that a lock already has.
#
# All locks but gpu hold for Python 3.11 to 3.13. The container has Python 3.11 and Linux alone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
uv=../.venv/bin/uv

[ $# -gt 0 ] || set -- cpu dev gpu notebook distributed repo2docker audit
for name in "$@"; do
    case $name in
    gpu) platform=(--python-platform x86_64-manylinux_2_28 -c dev.lock) ;;
    *) platform=(--universal --fork-strategy fewest) ;;
    esac
    "$uv" pip compile --quiet ${UPGRADE---upgrade} --python-version 3.11 "${platform[@]}" \
        --generate-hashes --no-annotate \
        --custom-compile-command "make lock" "$name.in" --output-file "$name.lock"
done
./environment.sh gpu.lock > ../environment.yml
