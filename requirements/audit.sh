#!/bin/bash
# Bills of materials of the locks (CycloneDX), and a look for known vulnerabilities in them.
#
#   requirements/audit.sh [FOLDER]      writes FOLDER/sbom-cpu.json and sbom-gpu.json (default: .)
#
# Exit code: 0 no vulnerability is known, 1 some are, 2 the bills could not be written, 75 the bills
# are written but the advisories could not be had for every package, so that nothing is known.
set -euo pipefail
folder=$(realpath -m "${1:-.}")
cd "$(dirname "${BASH_SOURCE[0]}")"
mkdir -p "$folder"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python=$scratch/venv/bin/python

"${PYTHON:-../.venv/bin/python}" -m venv "$scratch/venv" || exit 2
"$python" -m pip install -qq --disable-pip-version-check --require-hashes -r audit.lock || exit 2
for lock in cpu gpu; do
    "$scratch/venv/bin/cyclonedx-py" requirements "$lock.lock" --output-reproducible \
        --output-format JSON --output-file "$folder/sbom-$lock.json" || exit 2
    echo "$folder/sbom-$lock.json: $(grep -c '"purl": ' "$folder/sbom-$lock.json") packages"
done

verdict=0 # 1 outweighs 75
for lock in cpu gpu; do
    # Its exit code does not tell a vulnerability from a failure to reach anything, and a package
    # for which there were no advisories counts as clean with it. Its result tells both.
    timeout 300 "$scratch/venv/bin/pip-audit" --requirement "$lock.lock" --require-hashes \
        --disable-pip --progress-spinner off --format json \
        >"$scratch/result.json" 2>"$scratch/log" || true
    status=0
    "$python" audit.py "$lock.lock" <"$scratch/result.json" || status=$?
    [ -s "$scratch/result.json" ] || tail -n 1 "$scratch/log" >&2
    [ $status = 0 ] || [ $verdict = 1 ] || verdict=$status
done
exit $verdict
