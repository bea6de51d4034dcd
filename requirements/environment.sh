#!/bin/bash
# Prints an environment.yml with the pins of a lock: requirements/environment.sh gpu.lock
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

cat <<END
# Made by \`make lock\` from requirements/$1; a test holds the two together.
name: genres
channels:
  - conda-forge
dependencies:
  - python=3.11
  - pip
  - pip:
END
# A marker (`; python_version < '3.13'`) stays: conda hands these lines to pip.
sed -n 's/^\([a-z0-9][^ ]*==.*[^ ]\) *\\$/      - \1/p' "$1"
