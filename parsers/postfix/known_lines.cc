#include "parsers/postfix/known_lines.h"

#include "parsers/forms.h"
#include "parsers/postfix/internal.h"
#include "parsers/scan.h"

namespace rastro::postfix {
namespace {

struct Form {
  std::string_view program;  // empty: any
  std::string_view text;
  std::string_view source;  // file below Postfix's src/ that prints it
};

// Says nothing about any message.
constexpr Form kIgnored[] = {
    {"anvil", "statistics: max connection rate {}", "anvil/anvil.c"},
    {"anvil", "statistics: max connection count {}", "anvil/anvil.c"},
    {"anvil", "statistics: max message rate {}", "anvil/anvil.c"},
    {"anvil", "statistics: max recipient rate {}", "anvil/anvil.c"},
    {"anvil", "statistics: max newtls rate {}", "anvil/anvil.c"},
    {"anvil", "statistics: max auth rate {}", "anvil/anvil.c"},
    {"anvil", "statistics: max cache size {} at {}", "anvil/anvil.c"},
    {"scache", "statistics: start interval {}", "scache/scache.c"},
    {"scache", "statistics: domain lookup hits={} miss={} success={}", "scache/scache.c"},
    {"scache", "statistics: address lookup hits={} miss={} success={}", "scache/scache.c"},
    {"scache", "statistics: max simultaneous domains={} addresses={} connection={}",
     "scache/scache.c"},
    {"master", "daemon started -- version {}, configuration {}", "master/master.c"},
    {"master", "reload -- version {}, configuration {}", "master/master.c"},
    {"master", "terminating on signal {}", "master/master_sig.c"},
    {"postfix-script", "starting the Postfix mail system", "conf/postfix-script"},
    {"postfix-script", "stopping the Postfix mail system", "conf/postfix-script"},
    {"postfix-script", "refreshing the Postfix mail system", "conf/postfix-script"},
    {"postfix-script", "aborting the Postfix mail system", "conf/postfix-script"},
    {"postfix-script", "waiting for the Postfix mail system to terminate", "conf/postfix-script"},
    {"postfix-script", "the Postfix mail system is running: PID: {}", "conf/postfix-script"},
    {"postfix-script", "the Postfix mail system is not running", "conf/postfix-script"},
    {"tlsmgr", "open {} TLS cache {}", "tlsmgr/tlsmgr.c"},
    {"postsuper", "Placed on hold: {} messages", "postsuper/postsuper.c"},
    {"postsuper", "Placed on hold: {} message", "postsuper/postsuper.c"},
    {"postsuper", "Released from hold: {} messages", "postsuper/postsuper.c"},
    {"postsuper", "Released from hold: {} message", "postsuper/postsuper.c"},
    {"postsuper", "Requeued: {} messages", "postsuper/postsuper.c"},
    {"postsuper", "Requeued: {} message", "postsuper/postsuper.c"},
    {"postsuper", "Deleted: {} messages", "postsuper/postsuper.c"},
    {"postsuper", "Deleted: {} message", "postsuper/postsuper.c"},
    {"postsuper", "Expired: {} messages", "postsuper/postsuper.c"},
    {"postsuper", "Expired: {} message", "postsuper/postsuper.c"},
    {"postsuper", "Renamed to match inode number: {} messages", "postsuper/postsuper.c"},
    {"postsuper", "Renamed to match inode number: {} message", "postsuper/postsuper.c"},
    {"", "cache {} full cleanup: retained={} dropped={} entries", "util/dict_cache.c"},
    {"", "cache {} partial cleanup: retained={} dropped={} entries", "util/dict_cache.c"},
    {"", "table {} has changed -- restarting", "global/mail_dict.c, smtpd/smtpd.c"},
    {"", "Postfix is using backwards-compatible default settings", "global/mail_params.c"},
    {"", "Postfix is running with backwards-compatible default settings", "postfix/postfix.c"},
    {"", "See {} for details", "postfix/postfix.c"},
    {"",
     "To disable backwards compatibility use \"postconf compatibility_level={}\" and \"postfix "
     "reload\"",
     "postfix/postfix.c"},
    {"", "using backwards-compatible default setting {}", "global/mail_params.c"},
    {"", "sql_select option missing", "Cyrus SASL, plugins/sql.c"},
    {"", "sql auxprop plugin using {} engine", "Cyrus SASL, plugins/sql.c"},
    {"", "auxpropfunc error {}", "Cyrus SASL, plugins/sql.c"},
    {"", "looking for plugins in '{}', failed to open directory, error: {}",
     "Cyrus SASL, lib/dlopen.c"},
    {"", "unable to dlopen {}: {}", "Cyrus SASL, lib/dlopen.c"},
    {"", "lookup table has changed -- {}", "util/dict.c, before 2.3"},
    {"master", "reload configuration {}", "master/master.c, before 2.6"},
    {"", "starting TLS engine", "tls/pfixtls.c, before 2.3"},
    {"", "initializing the server-side TLS engine", "tls/tls_server.c"},
    {"", "initializing the client-side TLS engine", "tls/tls_client.c"},
    {"", "discarding EHLO keywords: {}", "smtpd/smtpd.c"},
    {"postscreen", "entering STRESS mode with {} connections", "postscreen/postscreen_state.c"},
    {"postscreen", "leaving STRESS mode with {} connections", "postscreen/postscreen_state.c"},
    {"", "table {} has changed - finishing in the background", "postscreen/postscreen.c"},
    {"", "mapping DSN status {} into {} status {}", "smtpd/smtpd_dsn_fix.c"},
    {"", "close database {}: {} (possible Berkeley DB bug)", "util/dict_db.c"},
    {"", "database {}: using size limit {} during open", "util/dict_lmdb.c"},
    {"", "database {}: using size limit {} after MDB_MAP_FULL", "util/dict_lmdb.c"},
    {"", "database {}: using size limit {} after MDB_MAP_RESIZED", "util/dict_lmdb.c"},
    {"", "database {}: pausing after MDB_READERS_FULL", "util/dict_lmdb.c"},
    {"tlsmgr", "cannot read from entropy device {} -- exiting to reopen", "tlsmgr/tlsmgr.c"},
    {"tlsmgr", "lost connection to EGD server {} -- exiting to reconnect", "tlsmgr/tlsmgr.c"},
    {"tlsmgr", "exiting to reopen external entropy source {}", "tlsmgr/tlsmgr.c"},
    {"master", "master exit time has arrived", "master/master.c"},
    {"master", "ignoring status update from child pid {} generation {}", "master/master_status.c"},
    {"", "SSL3 alert {}:{}:{}", "tls/tls_misc.c"},
    {"", "SSL_accept:{}", "tls/tls_misc.c"},
    {"", "SSL_connect:{}", "tls/tls_misc.c"},
    {"", "{}: TLS cipher list \"{}\"", "tls/tls_misc.c"},
    {"", "warning: [built-in]: zero result in {} template conversion of parameter \"{}\"",
     "bounce/bounce_template.c"},
    {"postsuper", "Force-expired: {} messages", "postsuper/postsuper.c"},
    {"postsuper", "Force-expired: {} message", "postsuper/postsuper.c"},
    {"verify", "close database {}: {}", "verify/verify.c"},
    {"postscreen", "close database {}: {}", "postscreen/postscreen.c"},
    {"bounce", "warning: please reduce time unit \"{}\" of \"{}\" in {} template",
     "bounce/bounce_template.c"},
    {"qmgr", "{}: {} feedback type {} value at {}: {}", "qmgr/qmgr_feedback.c"},
    {"postfix-script", "terminating remaining processes in {} seconds", "conf/postfix-script"},
    {"postfix-script", "starting the Postfix mail system in the foreground", "conf/postfix-script"},
    {"post-install", "updating the Postfix configuration", "conf/post-install"},
    {"", "TLS support is not compiled in -- exiting", "tlsmgr/tlsmgr.c, tlsproxy/tlsproxy.c"},
    {"smtp",
     "SMTPS wrappermode (TCP port 465) requires setting \"{} = yes\", and \"{} = encrypt\" (or "
     "stronger)",
     "smtp/smtp_connect.c"},
    {"smtp", "CLIENT wrappermode (port smtps/465) is unimplemented", "smtp/smtp_connect.c"},
    {"", "cannot load Certification Authority data, {}: disabling TLS support",
     "tls/tls_certkey.c"},
    {"", "cannot load Certification Authority data, {?}: disabling TLS support",
     "tls/tls_certkey.c"},
    {"tlsmgr", "cannot write to EGD server {}: {}", "tls/tls_prng_egd.c"},
    {"tlsmgr", "cannot read from EGD server {}: {}", "tls/tls_prng_egd.c"},
    {"tlsmgr", "EGD server {} reports zero bytes available", "tls/tls_prng_egd.c"},
    {"tlsmgr", "cannot read {} bytes from EGD server {}: {}", "tls/tls_prng_egd.c"},
    {"", "skipping address family {} for {}", "util/inet_listen.c"},
    {"", "cannot set default OpenSSL certificate verification paths: disabling TLS support",
     "tls/tls_certkey.c"},
    {"bounce", "warning: for instructions see the bounce(5) manual", "bounce/bounce_template.c"},
};

// About a host, an address or a domain, and about no message: the text is kept.
constexpr Form kNotes[] = {
    {"tlsproxy", "CONNECT from {}", "tlsproxy/tlsproxy.c"},
    {"tlsproxy", "CONNECT to {}", "tlsproxy/tlsproxy.c"},
    {"tlsproxy", "DISCONNECT {}", "tlsproxy/tlsproxy.c"},
    {"dnsblog", "addr {} listed by domain {} as {}", "dnsblog/dnsblog.c"},
    {"dnsblog", "addr {} not listed by domain {}", "dnsblog/dnsblog.c"},
    {"smtpd", "setting up TLS connection from {}", "tls/tls_server.c"},
    {"smtp", "setting up TLS connection to {}", "tls/tls_client.c"},
    {"smtp", "Host offered STARTTLS: [{}]", "smtp/smtp_proto.c"},
    {"", "Verified: subject_CN={}, issuer={}", "tls/tls_client.c, before 2.6"},
    {"", "Unverified: subject_CN={}, issuer={}", "tls/tls_client.c, before 2.6"},
    {"", "Peer cert verify depth={}", "tls/tls_client.c, before 2.6"},
    {"", "Peer verification: CommonName in certificate does not match: {}",
     "tls/tls_client.c, before 2.6"},
    {"", "Peer certificate could not be verified", "tls/tls_client.c, before 2.6"},
    {"", "Peer certficate could not be verified", "tls/tls_client.c, before 2.6"},
    {"", "Server certificate could not be verified", "smtp/smtp_proto.c, before 2.6"},
    {"", "Server certificate could not be trusted", "smtp/smtp_proto.c, before 2.6"},
    {"", "verify error:num={}:{}", "tls/tls_verify.c, before 2.6"},
    {"", "certificate verification failed for {}: {}", "tls/tls_verify.c"},
    {"", "server certificate verification failed for {}: {}", "tls/tls_client.c"},
    {"postscreen", "{}: discarding EHLO keywords: {}", "postscreen/postscreen_smtpd.c"},
    {"", "ignoring DNS RR: {}", "dns/dns_rr_filter.c"},
    {"", "skipping address family {} for host {}", "smtpd/smtpd_peer.c"},
    {"", "TLS SNI {} from {} not matched, using default chain", "tls/tls_misc.c"},
    {"", "{}: Matched trust anchor at depth {}", "tls/tls_dane.c"},
    {"", "{}: Matched fingerprint: {}", "tls/tls_dane.c"},
    {"", "{}: Matched DANE {} at depth {}: {}", "tls/tls_dane.c"},
    {"", "{}: depth={} verify={} subject={}", "tls/tls_verify.c"},
    {"", "{}: matched peername: {}", "tls/tls_client.c"},
    {"", "{}: subject_CN={}, issuer_CN={}, fingerprint={}, pkey_fingerprint={}",
     "tls/tls_client.c"},
    {"", "{}: subject_CN={}, issuer={}, fingerprint={}, pkey_fingerprint={}", "tls/tls_server.c"},
    {"", "{}: subject_CN={}, issuer={}, fingerprint={}", "tls/tls_server.c, before 2.9"},
    {"", "SSL_set_fd error to {}", "tls/tls_client.c"},
    {"smtpd", "SSL_set_fd error from {}", "tls/tls_server.c"},
    {"", "{}({},{}): worked around spurious NFS error", "util/sane_link.c, util/sane_rename.c"},
    {"", "{}: re-using session with untrusted certificate, look for details earlier in the log",
     "tls/tls_client.c"},
    {"", "{}: looking for session {} in {} cache", "tls/tls_client.c"},
    {"", "{}: save session {} to {} cache", "tls/tls_client.c"},
    {"", "{}: reloaded session {} from {} cache", "tls/tls_client.c"},
    {"", "{}: Reusing old session", "tls/tls_client.c"},
    {"", "{}: Issuing session ticket, key expiration: {}", "tls/tls_server.c"},
    {"", "{}: Decrypting session ticket, key expiration: {}", "tls/tls_server.c"},
    {"smtp", "skipping SRV lookup for {}: {}", "smtp/smtp_addr.c"},
    {"", "{}: re-using session with untrusted peer credential, look for details earlier in the log",
     "tls/tls_client.c"},
    {"", "{}: Matched DANE raw public key: {}", "tls/tls_dane.c"},
    {"", "{}: subject_CN={}, issuer_CN={}, cert fingerprint={}, pkey fingerprint={}",
     "tls/tls_client.c"},
    {"", "{}: subject_CN={}, issuer={}, cert fingerprint={}, pkey fingerprint={}",
     "tls/tls_server.c"},
    {"", "{}: raw public key fingerprint={}", "tls/tls_client.c"},
    {"", "{}: verify={} raw public key", "tls/tls_verify.c"},
    {"", "{}: depth={} verify={}", "tls/tls_verify.c"},
    {"", "client certificate verification failed for {}: {}", "tls/tls_verify.c"},
    {"smtp", "certificate peer name verification failed for {}: {}", "tls/tls_client.c"},
    {"tlsproxy", "TLS handshake failed for service={} peer={}", "tlsproxy/tlsproxy_state.c"},
    {"", "using backwards-compatible default setting {} to {}", "smtpd/smtpd_check.c and others"},
    {"postscreen", "using backwards-compatible default setting respectful_logging=no for client {}",
     "postscreen/postscreen.c"},
    {"smtp", "{}: replacing server reply \"{}\" with \"{}\"", "smtp/smtp_chat.c"},
    {"smtpd", "{}: replacing command \"{}\" with \"{}\"", "smtpd/smtpd.c"},
    {"postscreen", "{}: replacing command \"{}\" with \"{}\"", "postscreen/postscreen_smtpd.c"},
    {"smtp", "host {} offers SMTPUTF8 support, but not 8BITMIME", "smtp/smtp_proto.c"},
    {"", "TLSRPT: status=failure, domain={}, receiving_mx={}, failure_type={}",
     "tls/tlsrpt_wrapper.c"},
    {"", "TLSRPT: status=success, domain={}, receiving_mx={}", "tls/tlsrpt_wrapper.c"},
};

}  // namespace

ParsedLine parse_known_line(std::string_view program, std::string_view text) {
  for (const auto& form : kIgnored) {
    if (!form.program.empty() && form.program != program) continue;
    if (match_form(text, form.text)) return {LineKind::known_ignored, {}};
  }
  for (const auto& form : kNotes) {
    if (!form.program.empty() && form.program != program) continue;
    if (match_form(text, form.text)) {
      return {LineKind::postfix_note, Note{{}, Note::About::other, text}};
    }
  }
  return {};
}

}  // namespace rastro::postfix
