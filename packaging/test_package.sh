#!/usr/bin/env bash
# Installs the built .deb with dpkg -i in a fresh Debian 12 root, runs it there, removes and purges it.
#   packaging/test_package.sh FILE.deb        as root; needs mmdebstrap
set -euo pipefail
deb=$(realpath "${1:?usage: test_package.sh FILE.deb}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

depends=$(dpkg-deb -f "$deb" Depends | sed -E 's/ *\([^)]*\)//g; s/\|[^,]*//g; s/ *, */,/g')
mmdebstrap --quiet --variant=minbase --include="$depends" bookworm "$work/root"
cp "$deb" "$work/root/tmp/rastro.deb"
in_root() { chroot "$work/root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 "$@"; }

in_root dpkg -i /tmp/rastro.deb
in_root rastrod --version
in_root rastro --version
in_root id rastro
in_root id rastro | grep -q '(adm)' || { echo "user rastro is not in group adm" >&2; exit 1; }
mkdir -p "$work/root/var/log/exim4"
in_root rastrod --check-config --config /etc/rastro/rastro.yaml
printf '%s\n' '2026-01-02T03:04:05.000000+00:00 mx1 postfix/smtp[9]: 3F2A1B4C5D: to=<a@example.org>, relay=none, delay=1, delays=1/0/0/0, dsn=4.4.1, status=deferred (connect to mx.example.org[192.0.2.1]:25: Connection refused)' >"$work/root/tmp/mail.log"
in_root rastro scan /tmp/mail.log --to a@example.org | grep -q deferred
[ -s "$work/root/usr/share/man/man5/rastro.yaml.5.gz" ] || { echo "no manual page" >&2; exit 1; }
in_root dpkg-query -W -f '${Conffiles}\n' rastro | grep -q /etc/rastro/rastro.yaml || { echo "rastro.yaml is no conffile" >&2; exit 1; }
in_root dpkg --remove rastro
[ -e "$work/root/etc/rastro/rastro.yaml" ] || { echo "remove took the configuration" >&2; exit 1; }
in_root dpkg --purge rastro
for left in /etc/rastro /var/lib/rastro /usr/bin/rastro /usr/sbin/rastrod; do
  [ ! -e "$work/root$left" ] || { echo "purge left $left" >&2; exit 1; }
done
echo "package installs, runs, and leaves nothing"
