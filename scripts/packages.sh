# shellcheck shell=bash
# What Debian 12 must have before we build or test; read by quickstart.sh, test.sh and .ci/run.
# A machine keeps what was installed by hand, so a package is listed here before it is used.

build_packages=(
  build-essential cmake ninja-build pkg-config ca-certificates
  libboost1.81-dev libboost-iostreams1.81-dev libboost-json1.81-dev libboost-url1.81-dev
  libre2-dev libsqlite3-dev libyaml-cpp-dev libspdlog-dev libcli11-dev libhowardhinnant-date-dev
  libgmime-3.0-dev libidn2-dev libsystemd-dev prometheus-cpp-dev libzstd-dev zlib1g-dev libbz2-dev liblzma-dev
  libbenchmark-dev libgtest-dev libgmock-dev tzdata lowdown
)
run_packages=(python3 sqlite3 curl jq)
test_packages=(
  logrotate systemd-journal-remote swaks faketime php-cli php-curl xz-utils zstd bzip2 gzip util-linux zsh fish mount iproute2 openssl systemd
)
sanitizer_packages=(clang-16 libclang-rt-16-dev)
ci_packages=("${sanitizer_packages[@]}" clang-tidy-16 clang-format-16 ccache mmdebstrap dpkg-dev fakeroot
             man-db shellcheck)

say() { printf '== %s\n' "$*"; }
fail() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "needs root or sudo to install packages: $*"
  fi
}

# Installs those of the named packages that are missing; no mail server is ever among them.
need_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] && return 0
  [ -r /etc/debian_version ] || fail "this is not Debian 12; install by hand: ${missing[*]}"
  # apt refuses everything in that state; putting it right may configure packages that are no business of ours.
  [ -z "$(find /var/lib/dpkg/updates -name '[0-9]*' 2>/dev/null)" ] ||
    fail "an installation was interrupted on this machine: run 'dpkg --configure -a' as root, then this again"
  say "installing: ${missing[*]}"
  if ! apt_install "${missing[@]}" 2>/dev/null; then
    say "reading the package lists"
    as_root apt-get update -q >/dev/null || fail "apt-get update failed"
    apt_install "${missing[@]}" || fail "cannot install: ${missing[*]}"
  fi
}

# Shows that it goes on, a word for each package. Needs pipefail, which all our scripts set.
apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" </dev/null |
    sed -un 's/^Get:[0-9]* [^ ]* [^ ]* [^ ]* \([^ ]*\).*/   fetching \1/p; s/^Setting up \([^ ]*\).*/   setting up \1/p'
}

# configure_and_build PRESET [target...]
configure_and_build() {
  local preset=$1
  shift
  local launcher=()
  # Clones in other directories share what was compiled.
  export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
  command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  # A preset may name another compiler than the one that the tree was made with.
  if [ ! "build/$preset/build.ninja" -nt CMakePresets.json ]; then
    say "configuring ($preset)"
    cmake --fresh --preset "$preset" "${launcher[@]}" >"/tmp/rastro-configure.$$" 2>&1 ||
      { cat "/tmp/rastro-configure.$$" >&2; rm -f "/tmp/rastro-configure.$$"; fail "cmake failed"; }
    rm -f "/tmp/rastro-configure.$$"
  fi
  say "building ($preset)"
  cmake --build "build/$preset" --parallel ${1:+--target "$@"} </dev/null || fail "the build failed ($preset)"
}
