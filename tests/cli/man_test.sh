#!/usr/bin/env bash
# The man pages made from docs/man are found by name, complete, and formatted without a warning.
#   man_test.sh DIRECTORY_OF_PAGES
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
  echo "$*"
  exit 1
}
for page in rastro.1 rastrod.8 rastro.yaml.5; do
  name=${page%.?}
  man --warnings -E UTF-8 -l "$1/$page.gz" >"$work/text" 2>"$work/warnings"
  [ ! -s "$work/warnings" ] || fail "$page: $(cat "$work/warnings")"
  for section in NAME DESCRIPTION 'SEE ALSO'; do
    grep -q "^$section" "$work/text" || fail "$page has no $section"
  done
  grep -q "$name - " "$work/text" || fail "$page does not say what $name is"
  grep -E '_[A-Z]+_|–' "$work/text" && fail "$page: markup or a long dash is left over"
  # A name with underscores stays whole.
  [ "$name" != rastro.yaml ] || grep -q first_start_reads_back "$work/text" || fail "$page lost its underscores"
done
