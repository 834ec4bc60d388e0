#!/bin/sh
# Installs the book if need be, and opens it: see start.py.
cd "$(dirname "$0")" || exit 1
for python in "python@PYTHON@" python3 python; do
  if command -v "$python" >/dev/null; then exec "$python" start.py "$@"; fi
done
echo "Python @PYTHON@ was not found: install it first." >&2
exit 1
