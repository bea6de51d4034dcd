#!/bin/bash
# Renews the locks and the environment of the container from the *.in files: `make lock`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
uv=../.venv/bin/uv

for variant in cpu gpu dev; do
    "$uv" pip compile --quiet --upgrade --python-version 3.11 \
        --python-platform x86_64-manylinux_2_28 --generate-hashes --no-annotate \
        --custom-compile-command "make lock" "$variant.in" --output-file "$variant.lock"
done

{
    cat <<'EOF'
# Made by `make lock` from requirements/gpu.lock; a test holds the two together.
name: genres
channels:
  - conda-forge
dependencies:
  - python=3.11
  - pip
  - pip:
EOF
    sed -n 's/^\([a-z0-9][^ ]*==[^ ]*\) \\$/      - \1/p' gpu.lock
} > ../environment.yml
