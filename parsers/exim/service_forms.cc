// Messages of fixed words, each a single form of Exim 4.90 to 4.100: the panic log's, and those
// about DNS, TLS, policy engines and this host's own trouble. Forms with readers of their own come
// first.
#include <array>
#include <vector>

#include "parsers/exim/line.h"
#include "parsers/forms.h"

namespace rastro::exim {
namespace {

constexpr std::string_view kPanicForms[] = {
#include "parsers/exim/panic_forms.inc"
};

struct Form {
  std::string_view text;
  LineKind kind;
  Note::About about = Note::About::other;
};
constexpr auto kQueueError = Note::About::queue_error;
constexpr auto kNote = LineKind::exim_note;
constexpr auto kWarning = LineKind::exim_warning;
constexpr auto kTls = LineKind::exim_tls_failure;

constexpr Form kForms[] = {
    // what Debian's init script says under Exim's name
    {"Starting MTA:{?}", kNote},
    {"Stopping MTA{?}", kNote},
    {"Restarting MTA{?}", kNote},
    {"Reloading exim4 configuration files:{?}", kNote},
    {" * Starting MTA{?}", kNote},
    {" * Stopping MTA{?}", kNote},
    // src/host.c, src/dns.c, src/dnsbl.c, src/verify.c, src/ip.c, src/match.c
    {"no host name found for IP address {}", kNote},
    {"no IP address found for host {}", kNote},
    {"host name alias list truncated for {}", kNote},
    {"host name alias list truncated: type={} domain={}", kNote},
    {"responsible-mailbox truncated: type={} domain={}", kNote},
    {"Long {} lookup for '{}': {} msec", kNote},
    {"CNAME loop for {} encountered", kNote},
    {"dnssec fail on {} for {}", kNote},
    {"DANE error: TLSA lookup for {} not DNSSEC", kNote},
    {"DANE error: No usable TLSA records", kNote},
    {"DANE error: tlsa lookup {}", kNote},
    {"ident connection to {} timed out", kNote},
    {"DNS list lookup defer (probably timeout) for {}: {}", kNote},
    {"DNS list lookup for {} at {} returned {}; not in 127.0/8 and discarded", kNote},
    {"dnslists domain \"{}\" contains strange characters - is this right?", kWarning},
    {"{}: accepted by +include_defer", kNote},
    {"{}: accepted by +include_unknown", kNote},
    {"list matching forced to fail: {}", kNote},
    {"IPv{} socket creation failed: {}", kWarning},
    {"bind of [{}]:{} failed", kWarning},
    {"setsockopt(SO_KEEPALIVE) on connection {} {} failed: {}", kWarning},
    // src/deliver.c common_error(), src/route.c: what also stands in the line about the recipient
    {"Failed to expand return path \"{}\" in {} transport: {}", kWarning},
    {"home directory \"{}\" failed to expand for {} transport: {}", kWarning},
    {"home directory path \"{}\" is not absolute for {} transport", kWarning},
    {"current directory \"{}\" failed to expand for {} transport: {}", kWarning},
    {"current directory path \"{}\" is not absolute for {} transport", kWarning},
    {"User {} set for {} transport is on the {} list", kWarning},
    {"User set without group for {} transport", kWarning},
    {"Creation of pipe failed: {}", kWarning, kQueueError},
    {"Unable to {} file for {} transport to return message: {}", kWarning, kQueueError},
    {"Failed to expand user string \"{}\" for the {}: {}", kWarning},
    {R"(Failed to find user "{}" from expanded string "{}" for the {})", kWarning},
    {"Failed to expand group string \"{}\" for the {}: {}", kWarning},
    {R"(Failed to find group "{}" from expanded string "{}" for the {})", kWarning},
    {"error in {} router: no host(s) specified for domain {}", kWarning},
    {"internal problem in {}: failure to transfer data from subprocess: status={}", kWarning},
    {"attempt to expand tainted string '{}'", kWarning},
    // src/daemon.c, src/queue.c, src/drtables.c
    {"listen backlog {} I=[{}]:{}", kNote},
    {"notify triggered queue run", kNote},
    {"debugging Exim in inetd wait mode starting", kNote},
    {"socket bind() to port {} for address {} failed: {}", kWarning},
    {"Failed to create IPv6 socket for wildcard listening ({}): will use IPv4", kWarning},
    {"Setting IPV6_V6ONLY on daemon's IPv6 wildcard socket failed ({}): carrying on without it",
     kWarning},
    {"{} select() failure{?}: {}", kWarning},
    {"{} accept() failure{?}: {}", kWarning},
    {"no immediate delivery: {}", kNote},
    {"Couldn't open {}: not loading lookup modules", kWarning},
    // src/tls*.c, src/transports/smtp.c
    {"Warning: purging the environment. Suggested action: use keep_environment.", kWarning},
    {"Warning: purging the environment.", kWarning},
    {"Suggested action: {}", kWarning},
    {"Warning: No server certificate defined; {}", kWarning},
    {"WARNING: deprecated Diffie-Hellman parameter '{}' used", kWarning},
    {"WARNING: obsolete syntax used for lookup", kWarning},
    {"OCSP unusable with this GnuTLS library version", kNote},
    {"OCSP dates invalid", kTls},
    {"SSL verify error: depth={} error={} cert={}", kTls},      // before 4.86
    {"SSL verify error: certificate name mismatch: {}", kTls},  // without the host's address
    {"SSL verify error (during {}): {}", kTls},
    {"ALPN unusable with this {} library version; ignoring \"{}\"", kNote},
    {"SNI unusable with this OpenSSL library version; ignoring \"{}\"", kNote},
    {"TLS ALPN ({?}) rejected", kTls},
    {"SSL_write: (from {}) syscall: {}", kTls},
    {"SSL_write error {}", kTls},
    {"SSL channel closed on write", kTls},
    {"SSL verify denied by event-action: depth={}", kTls},
    {"TLS error ({}): {}", kTls},
    {"TLS error in certificate {}: {}", kTls},
    {"TLS client disconnected cleanly (rejected our certificate?)", kTls},
    {"Required TLS certificate status not received", kTls},
    {"Received TLS cert status response, parse error", kTls},
    {"Received TLS cert status response, error parsing response", kTls},
    {"Received TLS cert status response, itself unverifiable{?}", kTls},
    {"Received TLS status callback, null content", kTls},  // these five before 4.86
    {"Received TLS status response, parse error", kTls},
    {"Received TLS status response, error parsing response", kTls},
    {"Received TLS status response, itself unverifiable{?}", kTls},
    {"Server OSCP dates invalid", kTls},
    {"Server certificate revoked{?}", kTls},
    {"Server certificate status unknown, in OCSP stapling", kTls},
    {"peer close after all rcpt responses; converting i/o-error to no-error", kNote},
    {"{}: callout unencrypted to {} [{}] (not in hosts_require_tls)", kNote},
    // src/receive.c, src/log.c, src/moan.c: a message from this host
    {"spool directory space check failed: space={} inodes={}", kWarning, kQueueError},
    {"log directory space check failed: space={} inodes={}", kWarning, kQueueError},
    {"timed out while reading local message", kNote},
    {"{} received while reading local message", kNote},
    {"{}: at least one malformed recipient address: {} - {}", kNote},
    {"{}: no recipient addresses", kNote},
    {"{}: excessively long message header section read (more than {} characters)", kNote},
    {"{}: excessively long message header line read (more than {} characters)", kNote},
    {"{}: message too big (limit set to {})", kNote},
    {"{}: too many recipients (max set to {})", kNote},
    {"ridiculously long message header received from {} (more than {} characters): message "
     "abandoned",
     kWarning},
    {"overlong message header line received from {} (more than {} characters): message abandoned",
     kWarning},
    {"invalid return {} from local_scan(). Temporary rejection given", kWarning},
    {"rescind the above message-accept", kNote},
    {"exim user lost privilege for using {} option", kWarning},
    {"exim user lost privilege for using {}", kWarning},
    {"delivery setrlimit(RLIMIT_CORE, RLIM_INFINITY) failed: {}", kWarning},
    {"getrlimit({}) failed: {}", kWarning},
    {"SIGSEGV (maybe attempt to write to immutable memory)", kWarning},
    {"SIGSEGV (fault address: {})", kWarning},
    {"SIGSEGV (null pointer indirection)", kWarning},
    {"Exim configuration error{?}", kWarning},
    {"queue run: {}", kWarning},
    {"Spool file {}-D not found", kWarning, kQueueError},
    {"Spool Q={} file {}-D not found", kWarning, kQueueError},
    {"moved from {}input, {?}msglog to {?}input, {?}msglog", kNote},
    {"moved from input, msglog to {?}input, {?}msglog", kNote},
    {"failed to open DB file {}: {}", kWarning, kQueueError},
    {"failed to open {} when checking \"{}\": {}", kWarning, kQueueError},
    {"failed to open DB lock file {}: {}", kWarning, kQueueError},
    {"Failed to get {} lock for {}: {}", kWarning, kQueueError},
    // src/acl.c, src/malware.c, src/spam.c, src/regex.c, src/mime.c, src/rewrite.c
    {"malware acl condition: {}", kWarning},
    {"spam acl condition: {}", kWarning},
    {"spam acl condition warning - {}", kWarning},
    {"spamd took more than {}", kWarning},
    {"internal scanner error (ignored): {}", kWarning},
    {"regex acl condition warning - {}", kWarning},
    {"mime_regex acl condition warning - {}", kWarning},
    {"MIME acl condition warning - {}", kWarning},
    {"rewrite: {}", kNote},
    {"qualify/rewrite: {}", kNote},
    {"Tainted filename '{}'", kWarning},
    {"Tainted filename for search: '{}'", kWarning},
    {"Tainted '{}' {}", kWarning},
    {"Tainted {} after expansion: '{}'", kWarning},
    {"Tainted name '{}' for {}", kWarning},
    {"Tainted arg {} for {}", kWarning},
    {"tainted search query is not properly quoted{?}: {}", kWarning},
    {"attempt to use tainted {}", kWarning},
    {"attempt to expand tainted string '{}'", kWarning},
    // src/dkim.c, src/arc.c, src/dmarc.c, src/pdkim
    {"ARC: {} signing: {}", LineKind::exim_verification},
    {"ARC: no Authentication-Results header for signing", LineKind::exim_verification},
    {"ARC: bad signing-specification ({})", LineKind::exim_verification},
    {"PDKIM: {}", LineKind::exim_verification},
    // src/dcc.c, src/moan.c
    {"DCC: warning - invalid dccifd address: '{}'", kWarning},
    {"DCC: Couldn't shutdown socket: {}", kWarning},
    {"Temporary error with DCC: {}", kWarning},
    {"Unknown DCC response: {}", kWarning},
    {"Wrong header from DCC, output is {}", kWarning},
    {"H={} [{}] F=<{}>: rejected by DCC", LineKind::exim_verification},
    {"H=[{}] F=<{}>: rejected by DCC", LineKind::exim_verification},
    {"Child mail process returned status {}", kWarning, kQueueError},
    {"{}: rejected by local_scan: {}", kNote},
    {"{}: rejected by non-SMTP ACL: {}", kNote},
    // src/routers, src/rda.c, src/auths
    {"remote host address is the local host: {}", kNote},
    {"lowest numbered MX record points to local host: {}", kNote},
    {"spamd warning - invalid spamd address: '{}'", kWarning},
    {"{} router: skipped error: {}", kNote},
    {"{} router failed to expand {}: {}", kWarning},
    {"{} router: reroute string {} is not of the form user@domain", kWarning},
    {"Error in {} router: {}", kWarning},
    {"{} authenticator ({}): Cyrus SASL {}", kWarning},
    {"{} authenticator ({}): GNU SASL permanent failure: {}", kWarning},
    // new in 4.99 and 4.100
    {"Ci={} SMTP peer appears to have seen our banner", kNote},
    {"Ci={} SMTP peer appears to have NOT SEEN our banner", kNote},
    {"sender verify {} (making callout connection): T={} {}", kWarning},
    {"recipient verify {} (making callout connection): T={} {}", kWarning},
    {"sender verify {} (making calloout connection): T={} {}", kWarning},  // as 4.9x spelt it
    {"recipient verify {} (making calloout connection): T={} {}", kWarning},
    {"attempt to used tainted value '{}' for atrn_domains{}", kWarning},
    {"Module {} is not compatible with this version of Exim", kWarning},
    {"{} module {} is not compatible with this version of Exim", kWarning},
    {"{} does not contain the expected module info symbol ({})", kWarning},
    {"{} does not appear to be a {} module ({})", kWarning},
    {"Duplicate lookup name '{}'", kWarning},
    {"SIGSEGV (deliberate trap)", kWarning},
    {"SIGSEGV (delivering {} to {} using {})", kWarning},  // what it was at
    {"daemon: accept process fork failed: {}", kWarning},
    {"daemon_notifier_socket {}: {}", kWarning},
    {"daemon_notification: {}: {}", kWarning},
    {"exim: could not open panic log - aborting{?}", kWarning, kQueueError},
    {"exim.c:{}: chown({}) failed ({}). Please contact the authors{?}", kWarning},
    {"<{}>: failed to expand \"{}\" option for {} transport: {}", kWarning},
    {"string_sprintf expansion was longer than {}", kWarning},
    {"{}/{}: name too long", kWarning},
    {"local_scan() library {}", kWarning, kQueueError},  // Debian's, which loads it
    {"Bad qname arg: {}", kWarning},
    {"failed to find {} module for {}", kWarning},
    {"unable to open file '{}' for reading: {}", kWarning},
    {"Tainted dirname '{}'", kWarning},
    {"Timeout on nmh lookup on {}", kWarning},
    {"nmh lookup: {}", kWarning},
    {"MIME acl condition fail: excessive nesting depth", kWarning},
    {"ARC: bad message body-hash", LineKind::exim_verification},
    {"ARC: bad signing-specification ({}) '{}'", LineKind::exim_verification},
    {"{}: bad substrate {}", kWarning},
    {"{}: bad current layer {}", kWarning},
    {"{}: overlarge consumed count {}", kWarning},
    {"failed to parse address '{}'{?}", kWarning},
    {"malformed macro definition {}", kWarning},
    {"Couldn't open {}: not loading driver modules", kWarning},
    {"Error loading {} {} driver: {}", kWarning},
    {"bad router variable name '{}' in router '{}'", kWarning},
    {"failed splitting address: {}", kWarning},
    {"bad protocol option in transport: '{}'", kWarning},
    {"<{}>: failed to expand transport's protocol value: {}", kWarning},
    {"Connection aborted; STARTTLS support by {} [{}] required by DNS SRV but STARTTLS not offered",
     kTls},
    {"setup fail for {} transport for callout ({})", kWarning},
    {"daemon: close({}) failed: {}", kWarning},
    // cPanel's and Debian's wrappers
    {"Authentication credentials for {} are {}", kNote},
};

// By first byte, so that a line is compared with a few dozen; those that begin with what they print
// stand apart.
class Index {
 public:
  Index() {
    for (const auto& form : kForms) add(form);
    for (const auto text : kPanicForms) add({text, kWarning, kQueueError});
  }
  const Form* find(std::string_view text) const {
    if (text.empty()) return nullptr;
    const auto* found = find_in(lists_[static_cast<unsigned char>(text[0])], text);
    return found != nullptr ? found : find_in(lists_[kHole], text);
  }

 private:
  static constexpr std::size_t kHole = 256;
  using List = std::vector<Form>;

  static const Form* find_in(const List& list, std::string_view text) {
    for (const auto& form : list) {
      if (match_form(text, form.text)) return &form;
    }
    return nullptr;
  }
  void add(const Form& form) {
    const bool hole = form.text.starts_with("{}") || form.text.starts_with("{?}");
    lists_[hole ? kHole : static_cast<unsigned char>(form.text[0])].push_back(form);
  }

  std::array<List, kHole + 1> lists_;
};

}  // namespace

ParsedLine parse_service_form(const Line& line) {
  static const Index forms;
  const auto* form = forms.find(line.text);
  if (form == nullptr) return {};
  return {form->kind, Note{line.queue_id, form->about, line.text}};
}

}  // namespace rastro::exim
