#!/bin/bash
# Makes the branch that mybinder.org builds: HEAD with the pins of the notebooks, which are the CPU's
# and more, as environment.yml, and with the documents, notebooks, held-out logits and demo clips
# that .dockerignore keeps from a grader's image.
#
#   requirements/binder.sh [BRANCH]     then: git push --force origin binder
#
# The pins come from requirements/notebook.lock, so there is no second copy of them to renew; and a
# folder binder/ would not do, for repo2docker would read it in a grader's build, too.
# Neither the work tree nor the index is touched.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
branch=${1:-binder}

git diff --quiet HEAD -- requirements .dockerignore || {
    echo "binder.sh: requirements/ or .dockerignore has changes; commit them first" >&2
    exit 1
}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export GIT_INDEX_FILE=$scratch/index

# put PATH: replace a file by what comes in.
put() { git update-index --add --cacheinfo "100644,$(git hash-object -w --stdin),$1"; }

git read-tree HEAD
requirements/environment.sh notebook.lock | put environment.yml
{
    git show HEAD:.dockerignore
    printf '!%s\n' demo docs notebooks training/results README.md
} | put .dockerignore
commit=$(git commit-tree "$(git write-tree)" -p HEAD -m "The CPU's environment, for mybinder.org")
git update-ref "refs/heads/$branch" "$commit"
echo "$branch is now $(git rev-parse --short "$commit"): $(git rev-parse --short HEAD) for mybinder.org"
