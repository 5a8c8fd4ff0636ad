// Policy servers with rules of the operator's: postfwd (bin/postfwd3), cluebringer
// (cbpolicyd, Policyd::logger).
#include "parsers/companions/internal.h"
#include "parsers/forms.h"

namespace rastro::companions {
namespace {

constexpr FactForm kForms[] = {
    // postfwd: "[RULES] rule=3, id=R1, client=h[ip], sender=<a>, recipient=<b>, helo=<h>, ...".
    {"[RULES] rule={}, id={}, client={}, sender=<{?}>, recipient=<{?}>, helo=<{?}>, proto={}, "
     "state={}, delay={}, hits={}, action={}",
     "rule rule_id client from to helo protocol state delay hits verdict", ""},
    {"[CACHE] rule={}, id={}, client={}, sender=<{?}>, recipient=<{?}>, helo=<{?}>, proto={}, "
     "state={}, delay={}, hits={}, action={}",
     "rule rule_id client from to helo protocol state delay hits verdict", ""},
    // cbpolicyd: "module=Greylisting, action=defer, host=ip, helo=h, from=a, to=b, reason=...".
    {"module={}, mode={}, action={}, host={}, helo={?}, from={?}, to={?}, reason={}",
     "module mode verdict ip helo from to reason", ""},
    {"module={}, action={}, host={}, helo={?}, from={?}, to={?}, reason={}",
     "module verdict ip helo from to reason", ""},
    {"module={}, action={}, host={}, helo={?}, from={?}, to={?}{?}",
     "module verdict ip helo from to detail", ""},
};
constexpr KnownForm kIgnored[] = {
    {"[STATS] {}", "bin/postfwd3"},
    {"{} started{?}", "bin/postfwd3"},
    {"starting up{?}", "bin/postfwd3"},
};

}  // namespace

ParsedLine parse_policyd(const LineHeader& /*header*/, std::string_view text) {
  const auto out = parse_fact("policyd", LineKind::policyd_verdict, kForms, text);
  return out.kind == LineKind::unrecognised ? parse_ignored(kIgnored, text) : out;
}

}  // namespace rastro::companions
