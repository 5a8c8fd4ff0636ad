#!/usr/bin/env bash
# Builds rastro and shows it at work: on bundled samples, or on your own log.
#   ./quickstart.sh                     sample logs of real Postfix and Exim, their times moved to now
#   ./quickstart.sh /var/log/mail.log   your log, whatever its age
# Installs missing Debian packages (never a mail server), starts no service, leaves only build/ behind.
set -euo pipefail
cd "$(dirname "$0")"
. scripts/packages.sh

logs=()
for log in "$@"; do
  [ -e "$log" ] || fail "there is no $log"
  [ ! -d "$log" ] || fail "$log is a directory; name the log files in it"
  [ -r "$log" ] || fail "cannot read $log (as root, or as a member of group adm?)"
  logs+=("$(realpath "$log")")
done

need_packages "${build_packages[@]}" "${run_packages[@]}"
configure_and_build release rastro rastrod
bin=$PWD/build/release/bin

work=$(mktemp -d)
daemon=
cleanup() {
  if [ -n "$daemon" ]; then
    kill "$daemon" 2>/dev/null || true
    wait "$daemon" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap cleanup EXIT

# Prints a command as one would type it, then runs it.
ask() {
  printf '\n$ rastro %s\n' "$(printf '%q ' "$@")"
  "$bin/rastro" "$@" || [ $? = 1 ]
}

# The id of the journey in $work/journeys that fits a filter (jq), the one with the most different ends first.
pick() {
  jq -rs "map(.journey // .) | map(select($1)) | sort_by(-(.counts | length), -(.recipients | map(.attempts) | add)) | .[0].id // empty" "$work/journeys"
}
delivered='(.recipients | length) == 1 and .counts.delivered == 1 and .recipients[0].attempts == 1'
retried='(.recipients | length) == 1 and .recipients[0].attempts > 1'
troubled='[.recipients[] | select((.outcome == "deferred" and .attempts > 1) or (.outcome == "bounced"))] | length > 0'
several='(.recipients | length) > 1 and (.counts | length) > 1'

if [ ${#logs[@]} -gt 0 ]; then
  say "reading ${logs[*]}"
  "$bin/rastro" scan --export "$work/journeys" "${logs[@]}" || true
  [ -s "$work/journeys" ] || fail "no message found in ${logs[*]}; what its lines are: $bin/rastro scan --lines ${logs[*]}"
  say "$(wc -l <"$work/journeys") messages"
  shown=
  for filter in "$delivered" "$troubled" "$several"; do
    id=$(pick "$filter")
    [ -n "$id" ] && [[ " $shown " != *" $id "* ]] || continue
    shown="$shown $id"
    ask scan "${logs[@]}" --show "$id"
  done
  [ -n "$shown" ] || ask scan "${logs[@]}"
  exit 0
fi

say "preparing sample logs: real Postfix and Exim, as if it were now"
mkdir -p "$work/log" "$work/state"
python3 scripts/replay_now.py tests/logs/sample/postfix.log >"$work/log/mail.log"
python3 scripts/replay_now.py tests/logs/sample/exim_mainlog >"$work/log/mainlog"
cat >"$work/rastro.yaml" <<YAML
sources:
  - path: $work/log/mail.log
  - path: $work/log/mainlog
store:
  state_directory: $work/state
api:
  socket: $work/rastro.sock
  socket_group: ""
YAML
say "starting rastrod in $work (no root, no service)"
"$bin/rastrod" --config "$work/rastro.yaml" >"$work/rastrod.log" 2>&1 &
daemon=$!
export RASTRO_SOCKET=$work/rastro.sock
for _ in $(seq 100); do
  curl -fs --unix-socket "$RASTRO_SOCKET" http://localhost/healthz 2>/dev/null | grep -q '"caught_up": *true' && break
  kill -0 "$daemon" 2>/dev/null || { cat "$work/rastrod.log" >&2; fail "rastrod ended"; }
  sleep 0.1
done
"$bin/rastro" find --since 24h --limit 1000 --output ndjson >"$work/journeys"
[ -s "$work/journeys" ] || { cat "$work/rastrod.log" >&2; fail "rastrod found no message in the samples"; }

say "everything of the last day"
ask find --since 24h --limit 8
say "1. a delivered message"
ask show "$(pick "$delivered")" --raw
say "2. one that was deferred, with several attempts"
ask show "$(pick "$retried")"
say "3. one to several recipients with different ends"
ask show "$(pick "$several")"

cat <<TEXT

That was it. On your own log, without any daemon:
  ./quickstart.sh /var/log/mail.log
  $bin/rastro scan /var/log/mail.log --to juan@example.org
As a service: see "Install" in README.md.
TEXT
