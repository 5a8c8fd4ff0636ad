#!/usr/bin/env bash
# Real runs of `rastro scan` over the sample logs, with the rastrod built beside it.
#   scan_test.sh DIRECTORY_OF_PROGRAMS
set -euo pipefail
bin=$1
logs=$(dirname "$0")/../logs
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TZ=Europe/Madrid COLUMNS=80 RASTROD=$bin/rastrod
unset LC_ALL LC_MESSAGES LANG RASTRO_LANG NO_COLOR 2>/dev/null || true

failures=0
# expect CODE WORDS COMMAND...: the exit code, and words that standard output must have.
expect() {
  local want=$1 words=$2 code=0
  shift 2
  "$bin/rastro" "$@" >"$work/out" 2>"$work/err" </dev/null || code=$?
  if [ "$code" != "$want" ] || ! grep -qF -- "$words" "$work/out" "$work/err"; then
    printf 'FAILED: rastro %s\n  exit %s, wanted %s with "%s"\n' "$*" "$code" "$want" "$words"
    sed 's/^/  /' "$work/out" "$work/err"
    failures=$((failures + 1))
  fi
  # No progress bar, colour or other control character where there is no terminal.
  if LC_ALL=C grep -q $'[\x01-\x08\x0b-\x1f\x7f]' "$work/out" "$work/err"; then
    printf 'FAILED: control characters from rastro %s\n' "$*"
    failures=$((failures + 1))
  fi
}

postfix=$logs/sample/postfix.log
expect 0 'rosa@moody.example.net' scan "$postfix"
COLUMNS=1000 expect 1 "rastro scan $postfix --to rosa@moody.example.net" scan "$postfix" --to rosa@mody.example.net
expect 0 'aplazado' --lang es scan "$postfix" --outcome deferred
expect 1 'Nothing found' scan "$postfix" --to nobody@nowhere.example
expect 1 'No se ha encontrado nada' --lang es scan "$postfix" --to nobody@nowhere.example
expect 2 'LOG is missing' scan
expect 2 'at' scan "$postfix" --at 'half past never'
expect 3 'no-such-file' scan "$work/no-such-file"

# A companion's line without its message, up to the last line of the log, is no proof that nothing names the address.
printf '%s\n' '2026-11-24T10:00:00+00:00 mx1 postfix/smtpd[9]: connect from mx.example.net[192.0.2.7]' \
  '2026-11-24T10:00:01+00:00 mx1 postgrey[7]: action=pass, reason=client AWL, client_name=mx.example.net, client_address=192.0.2.7, sender=ana@example.net, recipient=eva@example.org' >"$work/alone.log"
expect 1 'eva@example.org' scan "$work/alone.log" --to eva@example.org -o json
grep -q '"named"' "$work/out" || { echo "FAILED: a line that names eva@example.org is not told"; failures=$((failures + 1)); }

"$bin/rastro" scan "$postfix" --export "$work/journeys" 2>/dev/null
python3 - "$work/journeys" <<'PY'
import json, sys
journeys = [json.loads(line) for line in open(sys.argv[1])]
assert journeys, "nothing exported"
stamps = [(j["arrived_at"], j["id"]) for j in journeys]
assert stamps == sorted(stamps), "not in the order of arrival"
PY
id=$(python3 -c 'import json,sys; print(next(j["id"] for j in map(json.loads, open(sys.argv[1])) if "deferred" in j["counts"]))' "$work/journeys")
expect 0 'Message ' scan "$postfix" --show "$id"
expect 0 'postfix.log, byte ' scan "$postfix" --show "$id" --raw
expect 0 'Mensaje ' --lang es scan "$postfix" --show "$id"
expect 1 'nothing' scan "$postfix" --show nosuchid
COLUMNS=1000 expect 0 "(rastro scan $postfix --show " scan "$postfix" --show "$id"
expect 2 'two @ in a row' scan "$postfix" --to rosa@@moody.example.net

# What is exported is explained in the language that the rest of the answers has, too.
for lang in en es; do
  "$bin/rastro" --lang "$lang" scan "$postfix" --export "$work/journeys.$lang" 2>/dev/null
  python3 - "$work/journeys.$lang" "$lang" <<'PY' || { echo "FAILED: not exported in $lang"; failures=$((failures + 1)); }
import json, sys
journeys = [json.loads(line) for line in open(sys.argv[1])]
langs = {r["explanation"]["lang"] for j in journeys for r in j["recipients"]}
assert langs == {sys.argv[2]}, langs
PY
done

# The zone of TZ is the zone of stamps that name none.
printf 'Nov 24 10:00:00 mx1 postfix/smtpd[1]: AA2F1A0E5D: client=pc[192.0.2.7]\n' >"$work/no-zone"
TZ=Asia/Tokyo "$bin/rastro" scan "$work/no-zone" --year 2026 --export "$work/tokyo" 2>/dev/null
grep -q '"arrived_at":"2026-11-24T01:00:00' "$work/tokyo" || { echo 'FAILED: TZ is not the zone of stamps'; failures=$((failures + 1)); }

# A bounce's arrival names its parent too: the line is the bounce's.
cat >"$work/bounce.log" <<'LOG'
2026-11-24 10:00:00 1tFxyz-000123-AB <= ana@example.org U=ana P=local S=900
2026-11-24 10:00:01 1tFxyz-000123-AB ** eva@example.net R=dnslookup T=smtp: Unrouteable address
2026-11-24 10:00:01 1tFxyz-000124-AB <= <> R=1tFxyz-000123-AB U=Debian-exim P=local S=1900
2026-11-24 10:00:02 1tFxyz-000124-AB => ana <ana@example.org> R=local T=maildir
LOG
"$bin/rastro" scan "$work/bounce.log" --lines >"$work/bounce_lines" 2>/dev/null
python3 - "$work/bounce_lines" <<'PY' || { echo 'FAILED: a bounce is one journey'; failures=$((failures + 1)); }
import json, sys
journeys = [line["journey"] for line in map(json.loads, open(sys.argv[1]))]
assert journeys[0] == journeys[1] != journeys[2] == journeys[3], journeys
PY

# A log whose newest line comes first tells the same, and names its lines by their places.
tac "$postfix" >"$work/newest_first.log"
expect 0 'newest line comes first' scan "$work/newest_first.log"
"$bin/rastro" scan "$work/newest_first.log" --export "$work/reversed" 2>/dev/null
"$bin/rastro" scan "$work/newest_first.log" --lines >"$work/reversed_lines" 2>/dev/null
"$bin/rastro" scan "$postfix" --lines >"$work/lines" 2>/dev/null
python3 - "$work" "$postfix" <<'PY' || failures=$((failures + 1))
import json, sys
work, log = sys.argv[1:]
def told(name):
    return {j["id"]: sorted((r["recipient"], r["outcome"]) for r in j["recipients"])
            for j in map(json.loads, open(f"{work}/{name}"))}
assert told("journeys") == told("reversed"), "told differently from its end"
count = len(open(log).readlines())
def kinds(name, place):
    return {place(line["line_no"]): (line["kind"], line["journey"])
            for line in map(json.loads, open(f"{work}/{name}"))}
assert kinds("lines", lambda n: n) == kinds("reversed_lines", lambda n: count + 1 - n), "lines"
text = open(f"{work}/newest_first.log", "rb").read()
for journey in map(json.loads, open(f"{work}/reversed")):
    for line in journey["evidence"]:
        at = line["offset"]
        assert at == 0 or text[at - 1:at] == b"\n", "no line begins there"
PY

# Every form has the same messages, standard input as well as a file.
for form in json ndjson csv table; do
  "$bin/rastro" scan - -o "$form" <"$postfix" >"$work/$form" 2>/dev/null
  grep -q "$id" "$work/$form" || { echo "FAILED: $form does not name $id"; failures=$((failures + 1)); }
done
python3 -c 'import json,sys; json.load(open(sys.argv[1]))' "$work/json"

# No line is wider than the terminal says it is.
for log in "$logs"/postfix/captured/{multi_recipient_mixed,odd_addresses,odd_replies,utf8_addresses}.log \
  "$logs"/exim/captured/{odd_addresses,utf8_addresses,log_selector_all}.log; do
  "$bin/rastro" scan "$log" >"$work/out" 2>/dev/null || true
  python3 - "$work/out" "$log" <<'PY' || failures=$((failures + 1))
import sys
for line in open(sys.argv[1], encoding="utf-8"):
    if len(line.rstrip("\n")) > 80:
        sys.exit(f"FAILED: wider than 80 columns in {sys.argv[2]}: {line}")
PY
done
[ "$failures" = 0 ] || { echo "$failures failures"; exit 1; }
