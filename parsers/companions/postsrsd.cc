// postsrsd 1.x (postsrsd.c) and 2.x (src/main.c): senders rewritten for forwarding.
#include "parsers/companions/internal.h"
#include "parsers/scan.h"

namespace rastro::companions {
namespace {

constexpr FactForm kForms[] = {
    {"srs_forward: <{?}> rewritten as <{}>", "from rewritten", "rewritten"},
    {"srs_reverse: <{?}> rewritten as <{}>", "address rewritten", "reversed"},
    {"srs_forward: <{?}> not rewritten: {}", "from reason", "not rewritten"},
    {"srs_reverse: <{?}> not rewritten: {}", "address reason", "not reversed"},
    {"<{?}> forwarded as <{}>", "from rewritten", "rewritten"},
    {"<{?}> reversed to <{}>", "address rewritten", "reversed"},
    {"<{?}> not rewritten: {}", "from reason", "not rewritten"},
    {"<{?}> not reversed: {}", "address reason", "not reversed"},
    {"<{?}> rewritten as <{}>", "from rewritten", "rewritten"},
    {"<{?}> not reverse-rewritten: {}", "address reason", "not reversed"},
    {"<{?}> reverse-rewritten as <{}>", "address rewritten", "reversed"},
};
constexpr KnownForm kTrouble[] = {
    {"Poll failure: {}", "postsrsd.c"},
};

}  // namespace

ParsedLine parse_postsrsd(const LineHeader& /*header*/, std::string_view text) {
  for (const std::string_view where : {"socketmap: ", "milter: "}) maybe_take(text, where);
  const auto out = parse_fact("postsrsd", LineKind::postsrsd_rewrite, kForms, text);
  return out.kind == LineKind::unrecognised ? parse_trouble(kTrouble, text) : out;
}

}  // namespace rastro::companions
