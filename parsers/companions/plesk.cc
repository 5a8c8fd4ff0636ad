// Plesk's milter psa-pc-remote, its delivery agent postfix-local and the mail handlers both call
// (Plesk 9 to Obsidian 18.0; no source is published: from logs that its users and its makers show).
#include "parsers/companions/internal.h"
#include "parsers/forms.h"
#include "parsers/scan.h"

namespace rastro::companions {
namespace {

// Behind "ID: ", since 18.0.
constexpr FactForm kForms[] = {
    {"from=<{?}> to=<{}>", "from to", ""},
    {"{}: stderr: {}", "handler said", ""},
    {"from=<{?}>, to=<{}>, dirname={}", "from to directory", ""},
    {"from={?}, to={}, dirname={}", "from to directory", ""},
    {"PASS during call '{}' handler", "handler", "PASS"},
    {"SKIP during call '{}' handler", "handler", "SKIP"},
    {"STOP during call '{}' handler", "handler", "STOP"},
    {"REJECT during call '{}' handler", "handler", "REJECT"},
    {"handlers_stderr: {}", "said", ""},
    {"SPF result: {}", "spf", ""},
    {"SPF status: {}", "spf", ""},
    {"DKIM verify result: {}", "verdict", ""},
    {"DKIM Feed: {}", "verdict", ""},
    {"Store {} result for '{}' into DMARC library.", "check domain", ""},
    {"DKIM verification (d={}, {}) {}", "domain key verdict", ""},
    {"DMARC: {}", "dmarc", ""},
};
constexpr KnownForm kIgnored[] = {
    {"Starting the {} filter...", "plesk"},
    {"handlers_stderr: {}", "plesk"},
    {"{} during call '{}' handler", "plesk"},
    {"hook_dir = '{}'", "plesk"},
    {"recipient[{}] = '{}'", "plesk"},
    {"handlers dir = '{}'", "plesk"},
    {"SPF result: {}", "plesk"},
    {"SPF status: {}", "plesk"},
    {"Error code: {}", "plesk"},
    {"Failed to query MAIL-FROM: {}", "plesk"},
    {"DKIM verification {}", "plesk"},
    {"DKIM Feed: {}", "plesk"},
    {"DMARC: {}", "plesk"},
    {"Store {} result for '{}' into DMARC library.", "plesk"},
    {"postfix-local: from={?}, to={}, dirname={}", "plesk"},
};
constexpr KnownForm kTrouble[] = {
    {"Error during '{}' handler", "plesk"},
    {"_mh_fork(){}", "plesk"},
    {"Unable to {}", "plesk"},
    {"Message aborted.", "plesk"},
};

}  // namespace

ParsedLine parse_plesk(const LineHeader& /*header*/, std::string_view text) {
  auto rest = text;
  const auto id = maybe_take_until(rest, std::string_view(": "));
  if (id && is_queue_id(*id)) {
    auto out = parse_fact("plesk", LineKind::plesk_verdict, kForms, rest);
    if (auto* fact = std::get_if<CompanionFact>(&out.event)) fact->queue_id = *id;
    return out;
  }
  // The sendmail wrapper is there before the message has an id: "S" and its own process.
  if (id && id->size() > 1 && id->starts_with('S') &&
      id->find_first_not_of("0123456789", 1) == std::string_view::npos) {
    auto out = parse_fact("plesk", LineKind::plesk_verdict, kForms, rest);
    if (auto* fact = std::get_if<CompanionFact>(&out.event)) fact->task = *id;
    return out;
  }
  const auto out = parse_ignored(kIgnored, text);
  return out.kind == LineKind::unrecognised ? parse_trouble(kTrouble, text) : out;
}

}  // namespace rastro::companions
