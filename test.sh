#!/usr/bin/env bash
# Installs what is missing, builds, runs every test, and ends with ctest's summary.
#   ./test.sh [PRESET] [ctest options]     PRESET: release (default), dev, asan, tsan
set -euo pipefail
cd "$(dirname "$0")"
. scripts/packages.sh

preset=${1:-release}
[ $# -gt 0 ] && shift
need_packages "${build_packages[@]}" "${run_packages[@]}" "${test_packages[@]}"
case $preset in asan | tsan) need_packages "${sanitizer_packages[@]}" ;; esac
configure_and_build "$preset"
say "testing ($preset)"
ctest --preset "$preset" "$@"
