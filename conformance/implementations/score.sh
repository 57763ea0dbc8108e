#!/bin/sh
# Score the implementations in other languages; one that cannot be built here is named and skipped.
# Usage: score.sh POLYSTATE REPORTS
set -eu
polystate=$1
reports=$2
here=$(dirname "$0")
python=$(cd "$(dirname "$polystate")" && pwd)/python

if command -v npm >/dev/null 2>&1; then
    npm ci --prefix "$here/javascript" --no-audit --no-fund --loglevel=error
    "$polystate" score --jobs 2 --overwrite --jsonl "$reports/javascript.jsonl" -- node "$here/javascript/adapter.mjs"
else
    echo "SKIPPED: the JavaScript implementation, since there is no npm here"
fi

if make -s -C "$here/cpp" PYTHON="$python" check-libraries >/dev/null 2>&1; then
    make -s -C "$here/cpp" PYTHON="$python"
    "$polystate" score --jobs 2 --overwrite --jsonl "$reports/cpp.jsonl" -- "$here/cpp/build/adapter"
else
    echo "SKIPPED: the C++ implementation, since its compiler or libraries are not here"
fi

"$polystate" score --jobs 2 --profile exchange -- "$python" "$here/exchange/adapter.py"

# What is recorded of them, which `polystate registry show` prints.
if [ -e "$reports/javascript.jsonl" ] && [ -e "$reports/cpp.jsonl" ]; then
    "$python" -m polystate_conformance.reports.recorded --check "$reports/javascript.jsonl" "$reports/cpp.jsonl"
fi
