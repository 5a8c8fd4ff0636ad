// OpenDMARC (opendmarc/opendmarc.c): the policy's result, by queue id.
#include "parsers/companions/internal.h"
#include "parsers/forms.h"
#include "parsers/scan.h"

namespace rastro::companions {
namespace {

// Behind "ID: ".
constexpr FactForm kForms[] = {
    {"SPF({}): {} {}", "mode domain spf", ""},
    {"RFC5322 requirement error: {}", "error", "bad header"},
    {"multi-valued From field detected", "", "bad header"},
    {"unable to parse From header field", "", "bad header"},
    {"ignoring mail from {}", "domain", "ignored"},
    {"ignoring invalid {} header \"{}\"", "header value", "ignored header"},
    {"ignoring Authentication-Results at {} from {}", "#position host", "ignored header"},
    {"can't extract SPF address from Authentication-Results", "", "error"},
    {"unable to parse validated SPF address <{?}>", "address", "error"},
    {"opendmarc_policy_{}() returned status {}", "call #status", "error"},
    {"opendmarc_policy_{}({}) returned status {}", "call domain #status", "error"},
    {"{} header add failed", "header", "error"},
    {"unable to create buffer for failure report", "", "error"},
    {"ARC pass, policy fail > continuing DMARC eval", "", "arc pass, policy fail"},
    {"ARC pass, policy pass > overriding DMARC fail", "", "arc pass"},
    {"smfi_{}() failed", "call", "error"},
    {"popen(): {}", "error", "error"},
    {"pclose() {} {}", "how #value", "error"},
    {"{}: fopen(): {}", "file error", "error"},
    {"{}: flock({}): {}", "file mode error", "error"},
    {"{}: fwrite(): {}", "file error", "error"},
};

// "ID: example.org pass": the From domain is a stranger's, the result is one word.
constexpr std::string_view kResults[] = {"pass",       "fail",      "none",
                                         "temperror",  "permerror", "reject",
                                         "quarantine", "softfail",  "discard"};

constexpr KnownForm kIgnored[] = {
    {"OpenDMARC Filter v{} starting ({})", "opendmarc/opendmarc.c"},
    {"OpenDMARC Filter v{} terminating with status {}, errno = {}", "opendmarc/opendmarc.c"},
    {"OpenDMARC Filter v{}", "opendmarc/opendmarc.c"},
    {"OpenDMARC Filter: {}", "libmilter"},
    {"additional trusted authentication services: {}", "opendmarc/opendmarc.c"},
    {"trusted authentication services: {}", "opendmarc/opendmarc.c"},
    {"implicit authentication service: {}", "opendmarc/opendmarc.c"},
    {"configuration reloaded from {}", "opendmarc/opendmarc.c"},
    {"terminated with signal {}, restarting", "opendmarc/opendmarc.c"},
    {"exited with status {}, restarting", "opendmarc/opendmarc.c"},
    {"exited with status {}", "opendmarc/opendmarc.c"},
};
constexpr FactForm kClients[] = {
    {"ignoring connection from {}", "host", "connection ignored"},
};
constexpr KnownForm kTrouble[] = {
    {"ignoring reload signal", "opendmarc/opendmarc.c"},
    {"malloc(): {}", "opendmarc/opendmarc.c"},
    {"mlfi_negotiate(): {}", "opendmarc/opendmarc.c"},
    {"WARNING: symbol 'i' not available", "opendmarc/opendmarc.c"},
    {"{}: DMARC context initialization failed", "opendmarc/opendmarc.c"},
    {"smfi_{}() failed", "opendmarc/opendmarc.c"},
    {"can't write pid to {}: {}", "opendmarc/opendmarc.c"},
    {"opendmarc_policy_library_init() failed", "opendmarc/opendmarc.c"},
    {"maximum restart {} exceeded", "opendmarc/opendmarc.c"},
    {"no such group or gid '{}'", "opendmarc/opendmarc.c"},
    {"no such user or uid '{}'", "opendmarc/opendmarc.c"},
};

ParsedLine parse_result(std::string_view text) {
  const auto at = text.rfind(' ');
  if (at == std::string_view::npos || at == 0) return {};
  for (const auto result : kResults) {
    if (text.substr(at + 1) != result) continue;
    const auto domain = text.substr(0, at);
    if (domain.find(' ') != std::string_view::npos) return {};
    CompanionFact fact;
    fact.source = "opendmarc";
    add_value(fact, "verdict", result);
    add_value(fact, "domain", domain);
    return {LineKind::opendmarc_verdict, fact};
  }
  return {};
}

}  // namespace

ParsedLine parse_opendmarc(const LineHeader& /*header*/, std::string_view text) {
  auto rest = text;
  // Debug lines lack the colon: "ID ignoring Authentication-Results at 1 from host".
  const auto end = rest.find_first_of(": ");
  const auto id = rest.substr(0, end);
  if (end != std::string_view::npos && is_queue_id(id)) {
    rest.remove_prefix(end);
    if (!maybe_take(rest, ": ") && !maybe_take(rest, ' ')) return {};
    auto out = parse_fact("opendmarc", LineKind::opendmarc_verdict, kForms, rest);
    if (out.kind == LineKind::unrecognised) out = parse_result(rest);
    if (auto* fact = std::get_if<CompanionFact>(&out.event)) fact->queue_id = id;
    return out;
  }
  auto out = parse_ignored(kIgnored, text);
  if (out.kind == LineKind::unrecognised) {
    out = parse_fact("opendmarc", LineKind::opendmarc_verdict, kClients, text);
  }
  return out.kind == LineKind::unrecognised ? parse_trouble(kTrouble, text) : out;
}

}  // namespace rastro::companions
