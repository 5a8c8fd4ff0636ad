#!/usr/bin/env bash
# Speed as ratios in one run, on a small generated day. Fails when one got worse than its limit.
#
#   bench/smoke.sh BUILD_DIR [postfix|exim|all] [MESSAGES]
#
# Limits are what was measured last (docs/bench/README.md) with a slack of one half. They come down with the figures, never up.
set -euo pipefail
build=${1:?usage: smoke.sh BUILD_DIR [postfix|exim|all] [MESSAGES]}
of=${2:-all}
messages=${3:-20000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TMPDIR=$work

generate=$build/bench/generate/generate_day
bench=$build/bench/pipeline_bench
result=0
if [ "$of" != exim ]; then
  "$generate" postfix --messages "$messages" --log "$work/mail.log"
  echo "Postfix"
  "$bench" "$work/mail.log" --repeat 5 --rastrod "$build/bin/rastrod" \
    --limit parse lines 4.5 --limit correlate lines 45 --limit index lines 135 || result=1
fi
if [ "$of" != postfix ]; then
  "$generate" exim --messages "$messages" --log "$work/mainlog"
  echo "Exim"
  "$bench" "$work/mainlog" --repeat 5 --rastrod "$build/bin/rastrod" \
    --limit parse lines 7.5 --limit correlate lines 85 --limit index lines 266 || result=1
fi
exit $result
