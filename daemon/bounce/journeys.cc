#include "daemon/bounce/journeys.h"

#include <algorithm>
#include <array>
#include <map>
#include <ranges>

#include "core/address.h"

namespace rastro {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr std::size_t kIdsMax = 40;
constexpr std::size_t kAddressesMax = 20;
constexpr std::size_t kLegsForEachKeyMax = 500;
// How far the original's own stamps may lie from its arrival here: clocks and queues differ.
constexpr Duration kSameTime = minutes(15);
constexpr Duration kQueueLifetime = hours(24 * 7);

// What one leg has in common with the report.
struct Facts {
  bool queue_id = false;
  bool own_queue_id = false;  // the id is the bounce's own, not the original's
  bool host = false;
  bool message_id = false;
  bool recipient = false;
  bool sender = false;
  bool time = false;
  bool outcome = false;
  bool reply = false;          // the log has the very words
  std::string other_outcome;   // of the recipient, where the log tells another
  bool other_message = false;  // sender, Message-ID or time say that it is another
  bool link = false;           // our log says that this message made the bounce
  std::vector<BounceFact> said;
};

std::string_view first_label(std::string_view host) { return host.substr(0, host.find('.')); }

// Logs name a host by its first label or in full.
bool same_host(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return false;
  const bool both_full =
      a.find('.') != std::string_view::npos && b.find('.') != std::string_view::npos;
  return both_full ? equal_ignoring_case(a, b)
                   : equal_ignoring_case(first_label(a), first_label(b));
}

std::string_view bare_id(std::string_view id) {
  if (id.starts_with('<')) id.remove_prefix(1);
  if (id.ends_with('>')) id.remove_suffix(1);
  return id;
}

// How many words make a reply one that no other message is likely to get.
constexpr std::size_t kReplyMin = 30;

// Without blanks at line ends and case, as a notice may have wrapped it.
bool has_reply(std::string_view log, std::string_view told) {
  return told.size() >= kReplyMin && ascii_lower(log).find(ascii_lower(told)) != std::string::npos;
}

// Whether a report of this kind and the log tell the same of a recipient.
bool tells_same(BounceKind kind, const LegRecipient& have) {
  switch (kind) {
    case BounceKind::failed:
      // What we refused, the sending server wrote the notice of.
      return have.outcome == Outcome::bounced || have.outcome == Outcome::expired ||
             have.outcome == Outcome::rejected;
    case BounceKind::delayed:
      return have.outcome == Outcome::deferred;
    case BounceKind::delivered:
    case BounceKind::relayed:
    case BounceKind::expanded:
      return have.outcome == Outcome::delivered || have.outcome == Outcome::passed;
    case BounceKind::not_a_bounce:
      break;
  }
  return false;
}

// Whether both may be true of one message all the same: the log ends earlier, or another server
// took the message over.
bool may_differ(BounceKind kind, const LegRecipient& have) {
  const bool over = have.outcome == Outcome::delivered && have.delivered_to != DeliveredTo::remote;
  const bool waits = have.outcome == Outcome::queued || have.outcome == Outcome::deferred ||
                     have.outcome == Outcome::unknown;
  switch (kind) {
    case BounceKind::failed:
      return waits || (have.outcome == Outcome::delivered && !over) ||
             have.outcome == Outcome::passed;
    case BounceKind::delayed:
      return have.outcome != Outcome::discarded && have.outcome != Outcome::rejected;
    case BounceKind::delivered:
    case BounceKind::relayed:
    case BounceKind::expanded:
      return waits;
    case BounceKind::not_a_bounce:
      break;
  }
  return false;
}

bool near(Time a, const std::optional<Time>& b) {
  return b && a > *b - kSameTime && a < *b + kSameTime;
}

class Comparison {
 public:
  explicit Comparison(const BounceReport& report) : report_(report) {}

  Facts of(const LegRecord& leg) const {
    Facts facts;
    compare_ids(leg, facts);
    const auto id = bare_id(report_.message_id.value);
    if (!id.empty() && leg.message_id && bare_id(*leg.message_id) == id)
      say(facts.message_id, "message_id", report_.message_id.value, facts);
    if (!facts.host && same_host(report_.reporting_mta.value, leg.host))
      say(facts.host, "host", leg.host, facts);
    compare_recipients(leg, facts);
    facts.other_message = is_other_message(leg);
    if (report_.original_sender && leg.envelope_sender &&
        equal_ignoring_case(*leg.envelope_sender, report_.original_sender.value))
      say(facts.sender, "envelope_sender", *leg.envelope_sender, facts);
    if (near(leg.opened_at, report_.arrived_at) || near(leg.opened_at, report_.sent_at))
      say(facts.time, "time", "", facts);
    return facts;
  }

 private:
  static void say(bool& fact, std::string_view name, const std::string& value, Facts& facts) {
    fact = true;
    facts.said.push_back({name, value});
  }

  void compare_ids(const LegRecord& leg, Facts& facts) const {
    if (leg.queue_id.empty()) return;
    for (const auto& id : report_.queue_ids) {
      if (id.value == leg.queue_id && !facts.queue_id)
        say(facts.queue_id, "queue_id", leg.queue_id, facts);
    }
    for (const auto& received : report_.received) {
      if (received.id != leg.queue_id) continue;
      const bool own = received.from == "bounce Received";
      facts.own_queue_id = facts.own_queue_id || own;
      if (!facts.queue_id && !own) say(facts.queue_id, "queue_id", leg.queue_id, facts);
      if (!facts.host && same_host(received.by, leg.host)) say(facts.host, "host", leg.host, facts);
    }
  }

  bool is_other_message(const LegRecord& leg) const {
    const auto id = bare_id(report_.message_id.value);
    const auto sent = report_.arrived_at ? report_.arrived_at : report_.sent_at;
    return (!id.empty() && leg.message_id && bare_id(*leg.message_id) != id) ||
           (report_.original_sender && leg.envelope_sender &&
            !equal_ignoring_case(*leg.envelope_sender, report_.original_sender.value)) ||
           (sent && !near(leg.opened_at, report_.arrived_at) &&
            !near(leg.opened_at, report_.sent_at));
  }

  void compare_recipients(const LegRecord& leg, Facts& facts) const {
    for (const auto& wanted : report_.recipients) {
      if (!wanted.recipient) continue;
      for (const auto& have : leg.recipients) {
        const bool same = equal_ignoring_case(have.recipient, wanted.recipient.value) ||
                          (have.original_recipient &&
                           equal_ignoring_case(*have.original_recipient, wanted.recipient.value)) ||
                          (wanted.original_recipient &&
                           equal_ignoring_case(have.recipient, wanted.original_recipient.value));
        if (!same) continue;
        if (!facts.recipient) say(facts.recipient, "recipient", have.recipient, facts);
        if (tells_same(report_.kind, have)) {
          if (!facts.outcome)
            say(facts.outcome, "outcome", std::string(outcome_name(have.outcome)), facts);
        } else if (may_differ(report_.kind, have)) {
          facts.other_outcome = outcome_name(have.outcome);
        }
        if (!facts.reply && has_reply(have.reply_text, wanted.diagnostic.value))
          say(facts.reply, "reply", wanted.diagnostic.value, facts);
      }
    }
  }

  const BounceReport& report_;
};

std::optional<Certainty> certainty_of(const Facts& f) {
  if (f.link) return Certainty::certain;
  if (f.queue_id && (f.message_id || f.recipient || (f.host && (f.sender || f.time))))
    return Certainty::certain;
  if (f.message_id && f.recipient) return Certainty::certain;
  if (f.queue_id && (f.host || f.sender)) return Certainty::likely;
  if (f.message_id && (f.sender || f.time || f.host)) return Certainty::likely;
  if (f.recipient && f.sender && f.time) return Certainty::likely;
  if (f.queue_id || f.message_id) return Certainty::possible;
  if (f.recipient && (f.time || f.sender || f.outcome || (f.reply && !f.other_message)))
    return Certainty::possible;
  return std::nullopt;
}

class Search {
 public:
  Search(StoreReader& store, const BounceReport& report, const QueryLimits& limits)
      : store_(store), report_(report), comparison_(report), limits_(limits) {}

  Result<BounceMatches> run() {
    for (const auto& id : queue_ids()) {
      if (auto done = look({KeyKind::queue_id, id}, {}); !done) return done.error();
    }
    if (report_.message_id) {
      const std::string bare(bare_id(report_.message_id.value));
      for (const auto& form : {"<" + bare + ">", bare}) {
        if (auto done = look({KeyKind::message_id, form}, {}); !done) return done.error();
      }
    }
    for (const auto& address : addresses()) {
      if (auto done = look({KeyKind::recipient, fold_address(address)}, when()); !done)
        return done.error();
    }
    if (auto done = assemble_all(); !done) return done.error();
    return finish();
  }

 private:
  std::vector<std::string> queue_ids() const {
    std::vector<std::string> ids;
    const auto add = [&](const std::string& id) {
      if (ids.size() < kIdsMax && std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
    };
    for (const auto& id : report_.queue_ids) add(id.value);
    for (const auto& received : report_.received) add(received.id);
    return ids;
  }

  std::vector<std::string> addresses() const {
    std::vector<std::string> out;
    for (const auto& r : report_.recipients) {
      for (const auto* found : {&r.recipient, &r.original_recipient}) {
        if (*found && out.size() < kAddressesMax) out.push_back(found->value);
      }
    }
    return out;
  }

  // When the message can have been here.
  TimeRange when() const {
    for (const auto& at : {report_.arrived_at, report_.sent_at}) {
      if (at) return {*at - hours(1), *at + kQueueLifetime};
    }
    if (report_.bounced_at)
      return {*report_.bounced_at - kQueueLifetime, *report_.bounced_at + hours(1)};
    return {};
  }

  Result<void> look(const LegKey& key, const TimeRange& range) {
    std::size_t seen = 0;
    const auto done = store_.for_each_leg({key}, range, limits_, [&](const LegRecord& leg) {
      if (!leg.probe) consider(leg);
      return ++seen < kLegsForEachKeyMax ? Visit::go_on : Visit::stop;
    });
    if (!done) return done.error();
    if (*done == CutBy::time) cut_ = CutBy::time;
    return {};
  }

  void consider(const LegRecord& leg) {
    auto facts = comparison_.of(leg);
    if (facts.own_queue_id && !facts.queue_id) {
      notices_.push_back(leg.id);  // the bounce itself
    } else if (certainty_of(facts)) {
      add_difference(facts);
      found_.insert_or_assign(leg.id, std::move(facts));
    } else if (facts.recipient && !facts.other_outcome.empty() && !facts.other_message) {
      add_difference(facts);
      weak_.insert_or_assign(leg.id, std::move(facts));
    }
  }

  static void add_difference(Facts& facts) {
    if (facts.recipient && !facts.outcome && !facts.other_outcome.empty())
      facts.said.push_back({"other_outcome", facts.other_outcome});
  }

  Result<void> assemble_all() {
    for (const auto id : notices_) {
      auto notice = assemble(store_, id);
      if (!notice) return notice.error();
      const auto& journey = *notice;
      if (journey) follow_notice(*journey);
    }
    for (const auto& [id, facts] : found_) {
      if (matches_.size() > 4 * BounceMatches::kMatchesMax) break;
      auto assembled = assemble(store_, id);
      if (!assembled) return assembled.error();
      auto& journey = *assembled;
      if (journey) add(std::move(*journey), facts);
    }
    return matches_.empty() ? assemble_weak() : Result<void>();
  }

  // Nothing fits better: the newest to that recipient.
  Result<void> assemble_weak() {
    for (const auto& [id, facts] : std::views::reverse(weak_)) {
      if (matches_.size() > BounceMatches::kMatchesMax) break;
      auto assembled = assemble(store_, id);
      if (!assembled) return assembled.error();
      auto& journey = *assembled;
      if (journey) add(std::move(*journey), facts);
    }
    return {};
  }

  // Our own log names the message that made this bounce.
  void follow_notice(const Journey& notice) {
    for (const auto& link : notice.links) {
      const bool told =
          link.link.kind == LegLink::Kind::bounce || link.link.kind == LegLink::Kind::delay_notice;
      if (!told || link.link.direction != LegLink::Direction::parent || !link.journey) continue;
      auto& facts = found_[*link.journey];
      facts.link = true;
      facts.said.push_back({"bounce_link", link.link.queue_id});
    }
  }

  void add(Journey&& journey, const Facts& facts) {
    const auto certainty = certainty_of(facts).value_or(Certainty::possible);
    const auto known = std::ranges::find_if(
        matches_, [&](const BounceMatch& m) { return m.journey.id() == journey.id(); });
    if (known == matches_.end()) {
      matches_.push_back({std::move(journey), certainty, facts.said});
    } else if (certainty < known->certainty) {
      known->certainty = certainty;
      known->because = facts.said;
    }
  }

  BounceMatches finish() {
    std::ranges::sort(matches_, [](const BounceMatch& a, const BounceMatch& b) {
      if (a.certainty != b.certainty) return a.certainty < b.certainty;
      return a.journey.id() > b.journey.id();
    });
    // Guesses beside a certainty only confuse.
    if (!matches_.empty() && matches_.front().certainty == Certainty::certain) {
      std::erase_if(matches_,
                    [](const BounceMatch& m) { return m.certainty == Certainty::possible; });
    }
    BounceMatches out;
    out.more = matches_.size() > BounceMatches::kMatchesMax;
    if (out.more) matches_.erase(matches_.begin() + BounceMatches::kMatchesMax, matches_.end());
    out.matches = std::move(matches_);
    out.cut = cut_;
    return out;
  }

  StoreReader& store_;
  const BounceReport& report_;
  Comparison comparison_;
  const QueryLimits& limits_;
  std::map<std::uint64_t, Facts> found_;  // by leg
  std::map<std::uint64_t, Facts> weak_;   // only the recipient is the same
  std::vector<std::uint64_t> notices_;
  std::vector<BounceMatch> matches_;
  CutBy cut_ = CutBy::nothing;
};

}  // namespace

std::string_view certainty_name(Certainty certainty) {
  constexpr std::array<std::string_view, 3> kNames = {"certain", "likely", "possible"};
  return kNames.at(static_cast<std::size_t>(certainty));
}

Result<BounceMatches> find_bounced_journeys(StoreReader& store, const BounceReport& report,
                                            const QueryLimits& limits) {
  return Search(store, report, limits).run();
}

}  // namespace rastro
