// OpenARC (openarc/openarc.c of 1.0 to 1.3): chains checked and sealed, by queue id. What it finds
// goes into the header; the log has what it could not do.
#include "parsers/companions/internal.h"
#include "parsers/forms.h"
#include "parsers/scan.h"

namespace rastro::companions {
namespace {

// Behind "ID: ".
constexpr FactForm kForms[] = {
    {"chain state forced to \"{}\" due to prior result found", "chain", "chain state forced"},
    {"chain state forced to {} due to prior result found", "chain", "chain state forced"},
    {"no seal header check matched; continuing", "", "not sealed"},
    {"can't parse {}; {} ; ignoring", "header value", "ignored header"},
    {"ignoring invalid {} header \"{}\"", "header value", "ignored header"},
    {"can't initialize ARC handle: {}", "error", "error"},
    {"error processing header field \"{}\"", "header", "error"},
    {"error processing at end of header", "", "error"},
    {"error processing at end-of-message", "", "error"},
    {"error processing body chunk", "", "error"},
    {"failed to compute seal", "", "error"},
    {"error inserting header field \"{}\"", "header", "error"},
    {"arc.chain buffer overflow: {?}", "error", "error"},
    {"RFC5322 header requirement error: {}", "error", "bad header"},
    {"{} header add failed", "header", "error"},
    {"arc_{}() failed", "call", "error"},
};

constexpr KnownForm kIgnored[] = {
    {"OpenARC Filter v{} starting ({})", "openarc/openarc.c"},
    {"OpenARC Filter v{} terminating with status {}, errno = {}", "openarc/openarc.c"},
    {"OpenARC Filter v{}", "openarc/openarc.c"},
    {"OpenARC Filter: {}", "libmilter"},
    {"configuration reloaded from {}", "openarc/openarc.c"},
    {"terminated with signal {}, restarting", "openarc/openarc.c"},
    {"exited with status {}, restarting", "openarc/openarc.c"},
    {"exited with status {}", "openarc/openarc.c"},
};
constexpr KnownForm kTrouble[] = {
    {"WARNING: symbol 'i' not available", "openarc/openarc.c"},
    {"arc_{}() failed", "openarc/openarc.c"},
    {"can't write pid to {}: {}", "openarc/openarc.c"},
    {"can't enable coredumps; continuing", "openarc/openarc.c"},
    {"can't configure ARC library: {}", "openarc/openarc.c"},
    {"using ChangeRootDirectory without Userid not advised", "openarc/openarc.c"},
    {"no such group or gid '{}'", "openarc/openarc.c"},
    {"no such user or uid '{}'", "openarc/openarc.c"},
    {"maximum restart {} exceeded", "openarc/openarc.c"},
    {"[parent] socket cleanup failed: {}", "openarc/openarc.c"},
    {"smfi_{}() failed", "openarc/openarc.c"},
    {"malloc(): {}", "openarc/openarc.c"},
};

}  // namespace

ParsedLine parse_openarc(const LineHeader& /*header*/, std::string_view text) {
  auto rest = text;
  const auto id = maybe_take_until(rest, std::string_view(": "));
  if (id && is_queue_id(*id)) {
    auto out = parse_fact("openarc", LineKind::openarc_verdict, kForms, rest);
    if (auto* fact = std::get_if<CompanionFact>(&out.event)) fact->queue_id = *id;
    return out;
  }
  const auto out = parse_ignored(kIgnored, text);
  return out.kind == LineKind::unrecognised ? parse_trouble(kTrouble, text) : out;
}

}  // namespace rastro::companions
