#!/bin/sh
# Unpacks Debian's mail servers into a directory of ours, for the system tests in tests/system/mta.
#
# usage: fetch_mtas.sh [--refresh] [DEST]        DEST: default <checkout>/build/mtas
#
# Nothing is installed, configured or started: postfix and exim4 conflict as packages, and installing either
# would replace the machine's own mail server. Runs as any user. A second run finds the stamp and needs no network.
#
#   DEST/postfix-root  DEST/exim-root  DEST/dovecot-root  DEST/tools    trees that sandbox.py lays over /usr
#   DEST/versions      one "package version" per line, sorted
# shellcheck disable=SC2086,SC2016  # lists of words are split on purpose; ${Package} is dpkg-deb's
set -eu

here=$(cd "$(dirname "$0")" && pwd)
refresh=no
if [ "${1-}" = --refresh ]; then
  refresh=yes
  shift
fi
dest=${1-$here/../../build/mtas}

say() { printf 'fetch_mtas: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

for tool in apt-get apt-cache dpkg-deb; do
  command -v "$tool" >/dev/null || die "needs $tool (a Debian or Ubuntu system)"
done

# One tree per line: its name, then the packages it is for. Libraries that these want and the machine lacks are added.
trees='postfix-root postfix
exim-root exim4-daemon-heavy exim4-base
dovecot-root dovecot-core dovecot-lmtpd dovecot-sieve
tools rsyslog pflogsumm swaks'

mkdir -p "$dest"
dest=$(cd "$dest" && pwd)
stamp=$dest/.complete
if [ "$refresh" = no ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$trees" ]; then
  exit 0
fi

# The machine's own package lists are used if it has any. If not, lists of our own are fetched from the same
# sources, which a plain user may do.
apt_options='-o APT::Sandbox::User=root'  # its helper user could not write into DEST
has_lists() { apt-cache $apt_options policy postfix 2>/dev/null | grep -q 'Candidate: [0-9]'; }
use_own_lists() {
  mkdir -p "$dest/apt/lists/partial" "$dest/apt/cache/archives/partial"
  apt_options="$apt_options -o Dir::State::Lists=$dest/apt/lists -o Dir::Cache=$dest/apt/cache"
  apt-get $apt_options -qq update || die "cannot read the package lists (network?)"
}
has_lists || use_own_lists

# What apt would install for these packages on this machine: they themselves and what is missing under them.
# They are named again because apt leaves out what the machine already has.
wanted_packages() {
  {
    printf '%s\n' "$@"
    apt-get $apt_options -s -q --no-install-recommends install "$@" 2>/dev/null |
      sed -n 's/^Inst \([^ ]*\) .*/\1/p'
  } | sort -u
}

download() { (cd "$1" && shift && apt-get $apt_options -qq download "$@"); }

new=$dest/.new
rm -rf "$new"
mkdir -p "$new"
echo "$trees" | while read -r tree packages; do
  debs=$new/$tree.debs
  mkdir -p "$debs" "$new/$tree"
  names=$(wanted_packages $packages)
  if ! download "$debs" $names; then
    say "the machine's package lists look old, fetching our own"
    use_own_lists
    download "$debs" $names || die "cannot download: $names"
  fi
  for deb in "$debs"/*.deb; do
    dpkg-deb -x "$deb" "$new/$tree"
    dpkg-deb -W --showformat '${Package} ${Version}\n' "$deb" >>"$new/versions.all"
  done
  rm -r "$debs"
  # Packages from before the merged /usr still ship /bin and /lib; sandbox.py lays only usr/ over the machine's.
  for dir in bin sbin lib lib64; do
    [ ! -d "$new/$tree/$dir" ] || { mkdir -p "$new/$tree/usr/$dir" && cp -a "$new/$tree/$dir/." "$new/$tree/usr/$dir/"; rm -rf "${new:?}/$tree/$dir"; }
  done
done
[ -x "$new/postfix-root/usr/sbin/postfix" ] || die "unpacked, but postfix is not where it should be"
[ -x "$new/exim-root/usr/sbin/exim4" ] || die "unpacked, but exim4 is not where it should be"

sort -u "$new/versions.all" >"$dest/versions"
for tree in postfix-root exim-root dovecot-root tools; do
  rm -rf "${dest:?}/$tree"
  mv "$new/$tree" "$dest/$tree"
done
rm -rf "$new" "$dest/apt"
printf '%s\n' "$trees" >"$stamp"
say "ready: $dest"
