#!/bin/sh
# Proves a bundle where there is no network: sh tools/classroom/try.sh ARCHIVE [FOLDER]
# In a network namespace whose one interface is loopback, with an empty home and an empty cache, it
# unpacks the archive, installs, looks at two pages of the served site in a browser, runs chapter 06, and
# checks an answer. Linux only. The unpacked bundle stays in FOLDER, else in a folder that is removed.
set -eu
book=$(cd "$(dirname "$0")/../.." && pwd)
archive=$(realpath "$1")
(cd "$(dirname "$archive")" && sha256sum --check "$(basename "$archive").sha256")
room=${2:-$(mktemp -d)}
mkdir -p "$room/home"
[ -n "${2:-}" ] || trap 'rm -rf "$room"' EXIT
python=${PYTHON:-$book/.venv/bin/python}
export room book archive python
env -u AIGC_CACHE -u AIGC_DATA HOME="$room/home" XDG_CACHE_HOME="$room/home/.cache" OMP_NUM_THREADS=1 \
  unshare --map-root-user --net sh -eu <<'IN'
ip link set lo up
if ip -o link | grep -v ': lo:'; then echo "there is an interface beside loopback" >&2; exit 1; fi
"$python" -m zipfile -e "$archive" "$room/unpacked"
cd "$room"/unpacked/*
sh start.sh install
sh start.sh site --port 8765 &
server=$!
trap 'kill $server' EXIT
cd "$book"
"$python" -c "
from tests.site.browser import Visit, faults
from tools.browser import launched
with launched() as browser:
    for page in ('book/index.html', 'notebooks/06-first-gan.html'):
        with Visit(browser, 'http://localhost:8765/', page) as visit:
            assert faults(visit) == {}, faults(visit)
            print(page, 'is complete')
"
cd "$room"/unpacked/*
sh start.sh run 06
AIGC_CACHE=data .venv/bin/python -c "
import math
from aigc_lib.exercises import check
check('06.1', -math.log(0.8) - math.log(0.7))
"
IN
