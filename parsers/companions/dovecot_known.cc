#include "parsers/companions/internal.h"
#include "parsers/scan.h"

namespace rastro::companions {
namespace {

constexpr KnownForm kIgnored[] = {
    {"Dovecot v{} starting up{?}", "src/master/main.c"},
    {"Killed with signal {}", "src/master/main.c"},
    {"Dovecot is already running{?}", "src/master/main.c"},
    {"SIGHUP received - reloading configuration", "src/master/main.c"},
    {"Sent SIGKILL to {} processes", "src/master/service.c"},
    {"Connect from local{?}", "src/lmtp/client.c, lmtp-client.c"},
    {"Disconnect from local: {}", "src/lmtp/client.c, lmtp-client.c"},
    {"Generating SSL parameters", "src/ssl-params/ssl-params.c"},
    {"SSL parameters regeneration completed", "src/ssl-params/main.c"},
    {"Rotating logs", "src/log/main.c"},
    {"Reloading configuration", "src/config/main.c"},
};

// A client of LMTP over TCP (src/lmtp/lmtp-client.c), by its address.
constexpr FactForm kPeerForms[] = {
    {"Connect from {}", "ip", "connected"},
    {"Disconnect from {}: {}", "ip reason", "disconnected"},
};

constexpr KnownForm kTrouble[] = {
    {"service({}): process_limit ({}) reached, client connections are being dropped",
     "src/master/service-monitor.c"},
    {"service({}): client_limit ({}) reached, client connections are being dropped",
     "src/lib-master/master-service.c"},
    {"service({}): child {} killed with signal {}", "src/master/service-process.c"},
    {"service({}): child {} returned error {}", "src/master/service-process.c"},
    {"service({}): command startup failed, throttling for {} secs", "src/master/service-monitor.c"},
    {"service({}): Ignoring invalid {}", "src/master/service-monitor.c"},
    {"service {}: {}", "src/master/service.c"},
    {"Time moved forward{}", "src/lib/ioloop.c"},
    {"Time moved forwards by {}", "src/lib/ioloop.c"},
    {"Time just moved backwards by {}", "src/lib/ioloop.c"},
    {"Obsolete setting in {}", "src/config/old-set-parser.c"},
    {"NOTE: You can get a new clean config file with: {}", "src/config/old-set-parser.c"},
    {"fd limit (ulimit -n) is lower than required under max. load ({} < {}){}",
     "src/master/master-settings.c"},
    {"child {} ({}) returned error {}", "src/master/main.c, 1.x"},
    {"child {} ({}) killed with signal {}", "src/master/main.c, 1.x"},
    {"mysql: Connected to {} ({})", "src/lib-sql/driver-mysql.c, 1.x"},
    {"mysql: Connect failed to {} ({}): {}", "src/lib-sql/driver-mysql.c, 1.x"},
    {"pgsql: Connected to {}", "src/lib-sql/driver-pgsql.c, 1.x"},
    {"Mailbox {}: {}", "src/lib-storage/mail-storage.c"},
    {"Module is for different version {}", "src/lib/module-dir.c"},
    {"mysql({}): Connected to database {}", "src/lib-sql/driver-mysql.c"},
    {"mysql({}): Connect failed to database ({}): {}", "src/lib-sql/driver-mysql.c"},
    {"pgsql({}): Connected to database {}", "src/lib-sql/driver-pgsql.c"},
    {"pgsql({}): {}", "src/lib-sql/driver-pgsql.c"},
    {"mysql({}): {}", "src/lib-sql/driver-mysql.c"},
    {"ldap({}): {}", "src/auth/db-ldap.c"},
    {"LDAP: {}", "src/auth/db-ldap.c"},
    {"passwd-file {}: {}", "src/auth/db-passwd-file.c"},
    {"auth workers: {}", "src/auth/auth-worker-client.c"},
    {"Auth server: {}", "src/lib-auth/auth-server-connection.c"},
    {"read({}) failed: {}", "src/lib/istream.c"},
    {"connect({}) failed: {}", "src/lib/net.c"},
    {"open({}) failed: {}", "src/lib-storage"},
    {"stat({}) failed: {}", "src/lib-storage"},
    {"mkdir({}) failed: {}", "src/lib-storage"},
    {"chown({}) failed: {}", "src/lib-storage"},
    {"net_connect_unix({}) failed: {}", "src/lib/net.c"},
    {"User initialization failed: {}", "src/lib-storage/mail-storage-service.c"},
    {"user {}: Initialization failed: {}", "src/lib-storage/mail-storage-service.c, 2.1 to 2.2"},
    {"user {}: Couldn't drop privileges: {}", "src/lib-storage/mail-storage-service.c"},
    {"user {}: Error reading configuration: {}", "src/lib-storage/mail-storage-service.c"},
    {"Couldn't init INBOX: {}", "src/pop3/pop3-client.c"},
    {"Failed to autocreate mailbox {}: {}", "src/lib-storage/mail-namespace.c"},
    {"Failed to initialize SSL server context: {}", "src/login-common/client-common.c"},
    {"Failed to initialize SSL connection: {}", "src/login-common/client-common.c"},
    {"chdir({}) failed: {}", "src/lib-master"},
    {"Transaction log {}: {}", "src/lib-index/mail-transaction-log-file.c"},
    {"Log synchronization error at {}", "src/lib-index/mail-index-sync.c"},
    {"Corrupted index cache file {}: {}", "src/lib-index/mail-cache.c"},
    {"Cached message size smaller than expected ({} < {}, box={}, UID={}{?})",
     "src/lib-storage/index/istream-mail.c"},
    {"Cached message size larger than expected ({} > {}, box={}, UID={}{?})",
     "src/lib-storage/index/istream-mail.c"},
    {"Growing pool '{}' with: {}", "src/lib/data-stack.c"},
    {"Growing data stack by {} as '{}' reaches {} bytes from {}", "src/lib/data-stack.c"},
    {"Inotify {} limit for user {} ({}) exceeded, disabling. {}",
     "src/lib/ioloop-notify-inotify.c"},
};

}  // namespace

ParsedLine parse_dovecot_known(std::string_view service, std::string_view text) {
  auto out = parse_ignored(kIgnored, text);
  if (out.kind != LineKind::unrecognised) return out;
  if (service == "lmtp") {
    out = parse_fact("dovecot", LineKind::dovecot_session, kPeerForms, text);
    if (out.kind != LineKind::unrecognised) return out;
  }
  return parse_trouble(kTrouble, text);
}

}  // namespace rastro::companions
