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
};

}  // namespace

ParsedLine parse_rmilter(const LineHeader& /*header*/, std::string_view text) {
  if (!maybe_take(text, '<')) return {};
  const auto task = maybe_take_until(text, '>');
  const bool hexadecimal = task && !task->empty() &&
                           task->find_first_not_of("0123456789abcdef") == std::string_view::npos;
  if (!hexadecimal || (!maybe_take(text, "; ") && !maybe_take(text, ' '))) return {};
  auto out = parse_fact("rmilter", LineKind::rspamd_verdict, kForms, text);
  if (auto* fact = std::get_if<CompanionFact>(&out.event)) fact->task = *task;
  return out.kind == LineKind::unrecognised ? parse_trouble(kTrouble, text) : out;
}

}  // namespace rastro::companions
