// rmilter (src/rmilter.c, src/libspamd.c), which stood between the MTA and rspamd before rspamd had
// a milter of its own: "<4cfb87a1e2>; msg done: queue_id: <ID>; message id: <m@x>; ip: ...".
#include <algorithm>

#include "parsers/companions/internal.h"
#include "parsers/scan.h"

namespace rastro::companions {
namespace {

constexpr FactForm kForms[] = {
    {"msg done: queue_id: <{}>; message id: <{?}>; ip: {}; from: <{?}>; rcpt: {} ({} total); user: "
     "{}; spam scan: {}; virus scan: {}; dkim: {}",
     "id message_id ip from first_recipient #recipients user spam virus dkim", ""},
    {"msg done: queue_id: <NOQUEUE>; message id: <{?}>; ip: {}; from: <{?}>; rcpt: {} ({} total); "
     "user: {}; spam scan: {}; virus scan: {}; dkim: {}",
     "message_id ip from first_recipient #recipients user spam virus dkim", ""},
    {"mlfi_data: queue id: <{}>", "id", "seen"},
    {"mlfi_data: queue id: {}", "id", "seen"},
    {"mlfi_envfrom: client is authenticated as: {}", "user", "authenticated"},
    {"mlfi_envfrom: client comes from our network: {?}", "user", "own network"},
    {"mlfi_envfrom: turn off strict checks for authenticated sender: {}", "user", "not checked"},
    {"mlfi_eom: tempfile={}, size={}", "file #size", "received"},
    {"mlfi_eom: message size({}) exceeds limit({}), not scanned, {}", "#size #limit file",
     "not checked"},
    {"mlfi_eom: greylisting message{?}", "detail", "greylist"},
    {"mlfi_eom: greylisting by dcc", "", "greylist"},
    {"mlfi_eom: rejecting spam", "", "reject"},
    {"mlfi_eom: rejecting virus {}", "virus", "reject"},
    {"mlfi_eom: rejected by dcc", "", "reject"},
    {"mlfi_eom: add spam header to message {}", "detail", "add header"},
    {"mlfi_eom: rewriting spam subject{?}", "detail", "rewrite subject"},
    {"mlfi_eom: d={}, s={}, added DKIM signature", "domain selector", "signed"},
    {"mlfi_eom: d={}, s={}, {} failed: {}", "domain selector step error", "not signed"},
    {"cannot add signature for domain {}: {}", "domain error", "not signed"},
    // Before 1.8 lines had no mark of the task in front.
    {"mlfi_eom: {}: tempfile={}, size={}", "id file #size", "received"},
    {"spamdscan: scan qid: <{}>, mid: <{?}>, {}, {}, metric: {}: [{} / {}], symbols: {}",
     "id message_id #seconds server metric score required tests", "scanned"},
    {"spamdscan: start scanning message on {}", "server", "asked"},
    {"spamdscan: finish scanning message on {}", "server", "answered"},
};
constexpr KnownForm kTrouble[] = {
    {"mlfi_data: cannot get queue id, set to 'NOQUEUE'", "src/rmilter.c"},
    {"mlfi_eom: spamdscan() failed", "src/rmilter.c"},
    {"mlfi_eom: stat failed: {}", "src/rmilter.c"},
    {"mlfi_eom: config was reloaded, not checking rules", "src/rmilter.c"},
    {"dkim sign failed: {}", "src/rmilter.c"},
    {"spamdscan: upstream get error, {}", "src/libspamd.c"},
    {"{}spamdscan: failed to scan, retry, {}, {}", "src/libspamd.c"},
    {"{}spamdscan: retry limit exceeded, {}, {}", "src/libspamd.c"},
    {"{}spamdscan: unexpected problem, {}, {}", "src/libspamd.c"},
    {"rspamd: {} ({}), {}", "src/libspamd.c"},
    {"clamav: read, {}: {}", "src/libclamc.c"},
    {"clamscan: failed to scan, retry, {}, {}", "src/libclamc.c"},
};

constexpr KnownForm kIgnored[] = {
    {"accepted connection from {}; client: {}", "src/rmilter.c"},
    {"closing connection{?}", "src/rmilter.c"},
};

}  // namespace

ParsedLine parse_rmilter(const LineHeader& /*header*/, std::string_view text) {
  std::string_view task;
  if (maybe_take(text, '<')) {
    const auto told = maybe_take_until(text, '>');
    const bool hexadecimal = told && !told->empty() &&
                             told->find_first_not_of("0123456789abcdef") == std::string_view::npos;
    if (!hexadecimal || (!maybe_take(text, "; ") && !maybe_take(text, ' '))) return {};
    task = *told;
  } else {
    const auto function = text.substr(0, text.find(": "));
    if (function.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") != std::string_view::npos) {
      return {};
    }
  }
  auto out = parse_fact("rmilter", LineKind::rspamd_verdict, kForms, text);
  if (auto* fact = std::get_if<CompanionFact>(&out.event)) fact->task = task;
  if (out.kind == LineKind::unrecognised) out = parse_ignored(kIgnored, text);
  return out.kind == LineKind::unrecognised ? parse_trouble(kTrouble, text) : out;
}

}  // namespace rastro::companions
