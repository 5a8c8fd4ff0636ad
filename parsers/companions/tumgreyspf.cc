// tumgreyspf (tumgreyspf, greylistcheck(), spfcheck(), blackholecheck()): greylisting, SPF and
// traps in one policy server. `Initial greylisting: REMOTEIP="192.0.2.1" HELO="h" SENDER="a@x"
// RECIPIENT="b@y" QUEUEID="" REASON="why"`.
#include <algorithm>
#include <array>

#include "parsers/companions/internal.h"
#include "parsers/scan.h"

namespace rastro::companions {
namespace {

struct Told {
  std::string_view start;
  std::string_view verdict;
  LineKind kind;
};
constexpr Told kTold[] = {
    {"Initial greylisting: ", "greylist: new", LineKind::greylist_verdict},
    {"Pending greylisting: ", "greylist: early retry", LineKind::greylist_verdict},
    {"Allowed greylisting: ", "pass", LineKind::greylist_verdict},
    {"Blackholed: ", "blackholed", LineKind::greylist_verdict},
    {"SPF fail: ", "fail", LineKind::policyd_spf_verdict},
};
constexpr KnownForm kTumgreyIgnored[] = {
    {"Starting", "tumgreyspf"},
    {"Found the end of entry", "tumgreyspf"},
    {"spfcheck: No client address, exiting", "tumgreyspf"},
    {"spfcheck: No sender, exiting", "tumgreyspf"},
};
constexpr KnownForm kTumgreyTrouble[] = {
    {"spfcheck: No spfquery at \"{}\", exiting", "tumgreyspf"},
    {"ERROR: Could not match line \"{?}\"", "tumgreyspf"},
};

// The value behind `mark` up to the next mark of the line. Quotes within are not doubled: where a
// mark stands twice a stranger wrote one of them, and nothing behind the client's address is told.
class Marks {
 public:
  explicit Marks(std::string_view text) : text_(text) {
    for (std::size_t i = 0; i < kMarks.size(); ++i) {
      at_[i] = text.find(kMarks[i]);
      if (at_[i] != std::string_view::npos &&
          text.find(kMarks[i], at_[i] + 1) != std::string_view::npos) {
        forged_ = true;
      }
    }
  }
  std::string_view value(std::size_t mark) const {
    if (at_[mark] == std::string_view::npos || (forged_ && mark > 0)) return {};
    const auto from = at_[mark] + kMarks[mark].size();
    auto to = std::string_view::npos;
    for (const auto other : at_) {
      if (other != std::string_view::npos && other >= from) to = std::min(to, other);
    }
    auto value = text_.substr(from, to == std::string_view::npos ? to : to - from);
    if (value.ends_with('"')) value.remove_suffix(1);
    return value == "<UNKNOWN>" ? std::string_view() : value;
  }
  bool has(std::size_t mark) const { return at_[mark] != std::string_view::npos; }
  bool forged() const { return forged_; }

 private:
  static constexpr std::array<std::string_view, 6> kMarks = {"REMOTEIP=\"",   "\" HELO=\"",
                                                             "\" SENDER=\"",  "\" RECIPIENT=\"",
                                                             "\" QUEUEID=\"", "\" REASON=\""};
  std::string_view text_;
  std::array<std::size_t, kMarks.size()> at_{};
  bool forged_ = false;
};

}  // namespace

ParsedLine parse_tumgreyspf(const LineHeader& /*header*/, std::string_view text) {
  for (const auto& told : kTold) {
    auto rest = text;
    if (!maybe_take(rest, told.start)) continue;
    const Marks marks(rest);
    CompanionFact fact;
    fact.source = "tumgreyspf";
    fact.client.ip = marks.value(0);
    if (!rest.starts_with("REMOTEIP=\"") || !rest.ends_with('"') || !is_ip(fact.client.ip) ||
        !marks.has(2) || !marks.has(3)) {
      return {};
    }
    add_value(fact, "verdict", told.verdict);
    if (marks.forged()) return {told.kind, fact};
    add_value(fact, "helo", marks.value(1));
    fact.envelope_sender = marks.value(2);
    if (!marks.value(3).empty()) fact.recipient = marks.value(3);
    if (is_queue_id(marks.value(4))) fact.queue_id = marks.value(4);
    add_value(fact, "reason", marks.value(5));
    return {told.kind, fact};
  }
  const auto out = parse_ignored(kTumgreyIgnored, text);
  return out.kind == LineKind::unrecognised ? parse_trouble(kTumgreyTrouble, text) : out;
}

}  // namespace rastro::companions
