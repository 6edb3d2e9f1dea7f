# Runs in the image: lays out /testbed as it was before the fix, and Python beside it.
set -euo pipefail

mkdir /testbed
cd /testbed
tar --no-same-owner -xzf /build/[Ff]lask-*.tar.gz --strip-components=1
rm -rf src/*.egg-info PKG-INFO
python3 - <<'END' >/tmp/fix.patch
import json
record = json.load(open("/build/record.json"))
print(record["patch"] + record["test_patch"], end="")
END
git apply --reverse /tmp/fix.patch
rm /tmp/fix.patch
# The change log of the release tells of the fix.
sed -i '/created with an empty name it raises/,/:issue:`5010`/d' CHANGES.rst
! grep -n "5010" CHANGES.rst
printf '%s\n' '__pycache__/' '*.egg-info/' '.pytest_cache/' >.gitignore

# Always the same commit, so that its hash stays.
git init --quiet --initial-branch main
git config user.name flask
git config user.email flask@localhost
git add --all
GIT_AUTHOR_DATE='2023-03-04T18:00:00Z' GIT_COMMITTER_DATE='2023-03-04T18:00:00Z' \
    git commit --quiet --message 'Flask before the fix'

python3 -m venv /opt/testbed
/opt/testbed/bin/pip install --quiet --no-index --find-links /build --no-deps /build/*.whl
/opt/testbed/bin/pip install --quiet --no-index --no-deps --no-build-isolation --editable .
# As in the published images: BASH_ENV, which is root's .bashrc, activates the environment.
echo 'source /opt/testbed/bin/activate' >~root/.bashrc
git status --porcelain | { ! grep .; }
