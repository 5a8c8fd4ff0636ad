#include "daemon/answer/summary.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/address.h"
#include "core/ip_networks.h"
#include "daemon/answer/direction.h"
#include "daemon/answer/idn.h"
#include "daemon/answer/journey.h"
#include "daemon/answer/time_left.h"
#include "daemon/answer/unnamed.h"

namespace rastro {
namespace {

constexpr std::size_t kKeysMax = 200'000;
constexpr std::size_t kAsideMax = 200'000;
constexpr std::size_t kRequeuedMax = 2'000;

// By a filter of this host, or by another host of the operator's.
bool may_be_handed_on(const Submission& submission) {
  const auto& ip = submission.client.ip;
  return !submission.login && (is_loopback(ip) || is_private_network(ip));
}

bool stays_one_message(LegLink::Kind kind) {
  return kind == LegLink::Kind::filter || kind == LegLink::Kind::forward ||
         kind == LegLink::Kind::requeue || kind == LegLink::Kind::hop;
}

bool has_parent(const LegRecord& leg) {
  return std::ranges::any_of(leg.links, [](const LegLink& link) {
    return link.direction == LegLink::Direction::parent && stays_one_message(link.kind);
  });
}

// Whether another leg tells what became of all of it.
bool goes_on(const LegRecord& leg) {
  return has_parent(leg) || std::ranges::any_of(leg.links, [](const LegLink& link) {
           return link.direction == LegLink::Direction::child && stays_one_message(link.kind);
         });
}

bool was_requeued(const LegRecord& leg) {
  return std::ranges::any_of(leg.links, [](const LegLink& link) {
    return link.direction == LegLink::Direction::parent && link.kind == LegLink::Kind::requeue;
  });
}

// What legs of one message add to the keys of a summary.
struct MessagePart {
  struct Recipient {
    std::string key;  // unless that is the message's
    Outcome outcome = Outcome::queued;
    RecipientEnd end;
    bool passed = false;                        // told by another leg, wherever its log is
    std::vector<std::string> may_be_passed_to;  // queue ids: if one of these legs is there
  };
  struct FirstLeg {
    std::string id;  // queue id
    Time opened_at{};
    std::optional<std::string> key;  // nullopt: keys are those of the recipients
    std::uint64_t bytes = 0;
    SubmissionMethod method = SubmissionMethod::unknown;
    bool has_parent = false;
    bool may_have_parent = false;  // which does not say so itself
  };
  FirstLeg first;
  std::vector<Recipient> recipients;
  std::set<std::string> ids;       // of its legs
  std::set<std::string> wants;     // of legs that are certainly this message's too
  std::set<std::string> children;  // of legs that may be

  // Clocks of two hosts differ.
  bool begins_before(const MessagePart& other) const {
    if (children.contains(other.first.id)) return true;
    if (other.children.contains(first.id)) return false;
    return std::pair(first.has_parent, first.opened_at) <
           std::pair(other.first.has_parent, other.first.opened_at);
  }
  void take(MessagePart&& other) {
    if (other.begins_before(*this)) std::swap(first, other.first);
    std::ranges::move(other.recipients, std::back_inserter(recipients));
    ids.merge(other.ids);
    wants.merge(other.wants);
    children.merge(other.children);
  }
  bool is_whole() const { return std::ranges::includes(ids, wants); }
  bool tells(const Recipient& recipient) const {
    return !recipient.passed &&
           std::ranges::none_of(recipient.may_be_passed_to,
                                [this](const std::string& id) { return ids.contains(id); });
  }
};

class Summarizer {
 public:
  explicit Summarizer(const SummaryQuestion& question)
      : by_(question.by), direction_(question.direction) {}

  // Legs in any order, though the later ones of a message mostly come first. What a leg says is
  // counted at once, unless it is, or may be, part of a message of several legs.
  void add(const LegRecord& leg) {
    if (leg.probe) return;
    if (may_be_sent_on(leg) && perhaps_sent_on_.size() < kAsideMax)
      perhaps_sent_on_.push_back({leg.id, leg.submission.uid.value_or(0)});
    if (leg.recipients.empty() && unnamed_.size() < kAsideMax)
      unnamed_.emplace_back(leg.id, leg.queue_id);
    auto part = part_of(leg);
    gather(part);
    const bool waits = !part.is_whole() || part.first.may_have_parent;
    if (!waits || aside_.size() >= kAsideMax) {
      apply(part);
      if (part.ids.size() == 1) note_claims(leg.id, part);
      return;
    }
    const auto number = next_part_++;
    for (const auto& id : part.ids) part_with_.insert_or_assign(id, number);
    for (const auto& id : part.wants) part_with_.insert_or_assign(id, number);
    aside_.emplace(number, std::move(part));
  }

  // Messages of which no line names a recipient: what became of one stands in its timeline, which
  // add() does not get. After all of add().
  Result<CutBy> add_unnamed(StoreReader& store, const TimeLeft& left) {
    for (const auto& [leg_id, queue_id] : unnamed_) {
      if (left.is_over()) return CutBy::time;
      if (named_children_.contains(queue_id)) continue;
      auto loaded = store.load_leg(leg_id);
      if (!loaded) return loaded.error();
      auto& leg = *loaded;
      if (!leg || goes_on(*leg)) continue;
      if (const auto end = end_of_unnamed({*leg})) add_end(*leg, end->state);
    }
    return CutBy::nothing;
  }

  // Messages that another host took over before its leg was met: what stands there replaces what
  // was counted. After all of add().
  Result<CutBy> join_late(StoreReader& store, const TimeLeft& left) {
    std::vector<std::uint64_t> numbers;
    numbers.reserve(aside_.size());
    for (const auto& [number, part] : aside_) numbers.push_back(number);
    for (const auto number : numbers) {
      const auto child = aside_.find(number);
      if (child == aside_.end()) continue;  // joined with one before
      const auto parent = counted_with_claims_.find(child->second.first.id);
      if (parent == counted_with_claims_.end()) continue;
      if (left.is_over()) return CutBy::time;
      auto loaded = store.load_leg(parent->second);
      if (!loaded) return loaded.error();
      const auto& leg = *loaded;
      if (!leg) continue;
      auto whole = part_of(*leg);
      apply(whole, kTakeBack);
      gather(whole);
      for (const auto& id : whole.children) counted_with_claims_.erase(id);
      apply(whole);
    }
    return CutBy::nothing;
  }

  // What a mailbox server sent on (Sieve's redirect) is the message that it was, and where no copy
  // was kept its recipient is told by the one that it was sent to. Only a leg's facts and its
  // Message-ID tell, which add() does not get: each is looked up, but of users who never send
  // anything on (web servers' and their customers') only the first few. After all of add() and
  // join_late().
  Result<CutBy> join_sent_on(StoreReader& store, const TimeRange& range, const TimeLeft& left) {
    constexpr std::size_t kLookedUpMax = 2'000;
    constexpr std::size_t kOfOneUserMax = 20;
    constexpr std::size_t kInVainMax = 200;
    struct User {
      std::size_t looked_up = 0;
      bool sends_on = false;
    };
    std::map<std::uint32_t, User> users;
    std::set<std::uint64_t> known;
    AssemblyMemory memory;
    std::size_t looked_up = 0;
    std::size_t in_vain = 0;
    for (const auto& one : perhaps_sent_on_) {
      auto& user = users[one.uid];
      if (known.contains(one.leg)) continue;
      if (!user.sends_on && (user.looked_up >= kOfOneUserMax || in_vain >= kInVainMax)) continue;
      if (looked_up >= kLookedUpMax || left.is_over()) return CutBy::time;
      ++looked_up;
      ++user.looked_up;
      const auto assembled = assemble(store, one.leg, memory);
      if (!assembled) return assembled.error();
      const auto& journey = *assembled;
      if (!journey) continue;
      // As they were counted: what a journey's legs say of who was passed on is the journey's.
      std::vector<LegRecord> stored;
      for (const auto& leg : journey->legs) {
        known.insert(leg.id);
        auto loaded = memory.load(store, leg.id);
        if (!loaded) return loaded.error();
        auto& record = *loaded;
        if (record) stored.push_back(std::move(*record));
      }
      const bool sent_on = count_as_one(*journey, stored, range);
      if (!sent_on && !user.sends_on) ++in_vain;
      user.sends_on = sent_on || user.sends_on;
    }
    return CutBy::nothing;
  }

  void put_down_aside() {
    for (const auto& [number, part] : aside_)
      apply(part, named_children_.contains(part.first.id) ? kRecipientsOnly : kAll);
    aside_.clear();
  }

  void finish(Summary& out, std::size_t rows_max) {
    out.total = std::move(total_);
    for (auto& [key, row] : rows_) {
      if (row.messages == 0 && count(row) == 0) continue;  // all of it was taken back
      row.key = key;
      out.rows.push_back(std::move(row));
    }
    out.keys = out.rows.size();
    std::ranges::stable_sort(out.rows, [](const SummaryRow& a, const SummaryRow& b) {
      return std::pair(a.messages, count(a)) > std::pair(b.messages, count(b));
    });
    if (out.rows.size() > rows_max) out.rows.resize(rows_max);
  }

 private:
  static std::uint64_t count(const SummaryRow& row) {
    std::uint64_t all = 0;
    for (const auto number : row.recipients) all += number;
    return all;
  }

  struct PerhapsSentOn {
    std::uint64_t leg;
    std::uint32_t uid;
  };

  // Handed in by a program of this host, and nothing says of what it is a part.
  static bool may_be_sent_on(const LegRecord& leg) {
    return leg.submission.method == SubmissionMethod::local && leg.submission.uid &&
           !leg.internal && !has_parent(leg);
  }

  // Takes back what its parts were counted as, and counts the whole; false: nothing was sent on, or
  // not all of it was counted.
  bool count_as_one(const Journey& journey, const std::vector<LegRecord>& stored,
                    const TimeRange& range) {
    MessagePart whole;
    std::vector<MessagePart> sent_on;
    bool has_first = false;
    for (const auto& leg : stored) {
      if (leg.queue_id.empty()) continue;  // refused dialogues are counted by themselves
      if (leg.opened_at < range.from || leg.last_activity_at > range.until) return false;
      if (leg.id != arrival_leg(journey).id && may_be_sent_on(leg)) {
        sent_on.push_back(part_of(leg));
      } else if (has_first) {
        whole.take(part_of(leg));
      } else {
        whole = part_of(leg);
        has_first = true;
      }
    }
    if (sent_on.empty() || !has_first) return false;
    apply(whole, kTakeBack);
    for (const auto& part : sent_on) apply(part, kTakeBack);
    pass_on(journey, stored, whole);
    for (auto& part : sent_on) whole.take(std::move(part));
    apply(whole);
    return true;
  }

  // Who is no recipient of the message any more.
  void pass_on(const Journey& journey, const std::vector<LegRecord>& stored,
               MessagePart& whole) const {
    for (const auto& leg : stored) {
      if (leg.id != arrival_leg(journey).id && may_be_sent_on(leg)) continue;
      for (const auto& recipient : leg.recipients) {
        const bool stays = std::ranges::any_of(journey.recipients, [&](const auto& one) {
          return journey.legs[one.leg].id == leg.id && one.state.recipient == recipient.recipient;
        });
        if (stays || recipient.outcome != Outcome::delivered) continue;
        const auto key = whole.first.key ? std::string() : recipient_key(recipient);
        const auto counted = std::ranges::find_if(whole.recipients, [&](const auto& one) {
          return one.key == key && one.outcome == recipient.outcome && whole.tells(one);
        });
        if (counted != whole.recipients.end()) counted->passed = true;
      }
    }
  }

  // The key of the message as a whole; nullopt: keys are those of its recipients.
  std::optional<std::string> message_key(const LegRecord& leg) const {
    switch (by_) {
      case SummaryBy::sender:
        if (!leg.envelope_sender) return "";
        return leg.envelope_sender->empty() ? "<>" : ascii_address(*leg.envelope_sender);
      case SummaryBy::login:
        return fold_address(leg.submission.login.value_or(""));
      case SummaryBy::client:
        return leg.submission.client.ip.empty() ? leg.submission.client.host
                                                : leg.submission.client.ip;
      case SummaryBy::script:
        return leg.submission.script.value_or(leg.submission.script_dir.value_or(""));
      case SummaryBy::domain:
      case SummaryBy::outcome:
      case SummaryBy::reason:
        return std::nullopt;
    }
    return std::nullopt;
  }

  std::string recipient_key(const LegRecipient& recipient) const {
    switch (by_) {
      case SummaryBy::domain:
        return ascii_domain(split_address(recipient.recipient).domain);
      case SummaryBy::outcome:
        return std::string(outcome_name(recipient.outcome));
      default:
        return std::string(reason_name(recipient.reason));
    }
  }

  // Whether the link is about that recipient: its own, or one of a message that went on as a whole
  // (assemble() takes the same ones over).
  static bool passes(const LegLink& link, std::int32_t recipient, Outcome outcome) {
    if (link.recipient >= 0) return link.recipient == recipient;
    const bool in_part = link.kind == LegLink::Kind::forward || link.kind == LegLink::Kind::requeue;
    return outcome == Outcome::passed || (!in_part && outcome == Outcome::delivered);
  }

  // Only where the question is about the direction.
  RecipientEnd end_asked_for(const LegRecord& leg, const LegRecipient& recipient) const {
    if (direction_.empty()) return {};
    std::vector<std::string_view> senders;
    for (const auto* address : {&leg.envelope_sender, &leg.submission.login}) {
      if (*address) senders.push_back(**address);
    }
    return end_of(recipient, senders);
  }

  // As direction_of() says of its journey.
  bool goes_as_asked(const MessagePart& part) const {
    if (direction_.empty()) return true;
    Direction direction(part.first.method);
    for (const auto& recipient : part.recipients) {
      if (part.tells(recipient)) direction.add(recipient.end);
    }
    return direction.name() == direction_;
  }

  MessagePart part_of(const LegRecord& leg) const {
    MessagePart out;
    out.first = {leg.queue_id,
                 leg.opened_at,
                 message_key(leg),
                 leg.size_bytes.value_or(0),
                 leg.submission.method,
                 has_parent(leg),
                 may_be_handed_on(leg.submission)};
    const auto& whole = out.first.key;
    if (!leg.queue_id.empty()) out.ids.insert(leg.queue_id);
    for (const auto& recipient : leg.recipients)
      out.recipients.push_back({whole ? std::string() : recipient_key(recipient),
                                recipient.outcome,
                                end_asked_for(leg, recipient),
                                recipient.outcome == Outcome::passed,
                                {}});
    for (const auto& link : leg.links) {
      if (!stays_one_message(link.kind) || link.queue_id == leg.queue_id) continue;
      // A filter of this host says the truth; what another host says is known when its leg is.
      const bool certain = !link.claimed_by_peer || link.kind == LegLink::Kind::filter;
      if (certain) out.wants.insert(link.queue_id);
      if (link.direction == LegLink::Direction::parent) continue;
      out.children.insert(link.queue_id);
      for (std::size_t i = 0; i < out.recipients.size(); ++i) {
        auto& recipient = out.recipients[i];
        if (!passes(link, static_cast<std::int32_t>(i), recipient.outcome)) continue;
        if (!link.claimed_by_peer) recipient.passed = true;
        recipient.may_be_passed_to.push_back(link.queue_id);
      }
    }
    return out;
  }

  // What was put aside of the same message.
  void gather(MessagePart& part) {
    const auto own = part.ids;
    auto related = part.wants;
    related.insert(part.children.begin(), part.children.end());
    related.insert(own.begin(), own.end());
    for (const auto& id : related) {
      const auto known = part_with_.find(id);
      if (known == part_with_.end()) continue;
      const auto found = aside_.find(known->second);
      // An id that two legs have says nothing of the two.
      if (found == aside_.end() || (own.contains(id) && found->second.ids.contains(id))) continue;
      auto other = std::move(found->second);
      aside_.erase(found);
      for (const auto& one : other.ids) part_with_.erase(one);
      for (const auto& one : other.wants) part_with_.erase(one);
      part.take(std::move(other));
    }
    for (const auto& child : part.children) {
      if (named_children_.size() < kAsideMax) named_children_.insert(child);
    }
  }

  void note_claims(std::uint64_t leg_id, const MessagePart& part) {
    for (const auto& child : part.children) {
      if (counted_with_claims_.size() < kAsideMax) counted_with_claims_.emplace(child, leg_id);
    }
  }

  enum Counting : std::uint8_t { kAll, kRecipientsOnly, kTakeBack };
  void apply(const MessagePart& part, Counting counting = kAll) {
    if (!goes_as_asked(part)) return;
    const auto one = counting == kTakeBack ? ~std::uint64_t{0} : std::uint64_t{1};  // modulo 2^64
    std::set<std::string> keys;
    const auto& whole = part.first.key;
    if (whole) keys.insert(*whole);
    for (const auto& recipient : part.recipients) {
      if (!part.tells(recipient)) continue;
      const auto& key = whole ? *whole : recipient.key;
      if (!whole) keys.insert(key);
      total_.recipients[static_cast<std::size_t>(recipient.outcome)] += one;
      if (auto* row = row_of(key))
        row->recipients[static_cast<std::size_t>(recipient.outcome)] += one;
    }
    if (counting == kRecipientsOnly) return;
    const auto count_message = [&](SummaryRow& row) {
      row.messages += one;
      row.bytes += one * part.first.bytes;
    };
    count_message(total_);
    for (const auto& key : keys) {
      if (auto* row = row_of(key)) count_message(*row);
    }
  }

  // Of all its recipients, as of one.
  void add_end(const LegRecord& leg, const LegRecipient& end) {
    if (!goes_as_asked(part_of(leg))) return;
    const auto whole = message_key(leg);
    ++total_.recipients[static_cast<std::size_t>(end.outcome)];
    auto* row = row_of(whole ? *whole : recipient_key(end));
    if (row == nullptr) return;
    ++row->recipients[static_cast<std::size_t>(end.outcome)];
    if (whole) return;  // which add() counted
    ++row->messages;
    row->bytes += leg.size_bytes.value_or(0);
  }

  SummaryRow* row_of(const std::string& key) {
    const auto found = rows_.find(key);
    if (found != rows_.end()) return &found->second;
    return rows_.size() < kKeysMax ? &rows_[key] : nullptr;
  }

  SummaryBy by_;
  std::string direction_;  // "": any
  std::map<std::string, SummaryRow> rows_;
  SummaryRow total_;
  std::set<std::string> named_children_;
  std::vector<std::pair<std::uint64_t, std::string>> unnamed_;  // leg and queue id
  std::vector<PerhapsSentOn> perhaps_sent_on_;
  std::map<std::uint64_t, MessagePart> aside_;      // what waits for other legs, or for the end
  std::map<std::string, std::uint64_t> part_with_;  // queue id: number of what was put aside
  std::uint64_t next_part_ = 0;
  // Queue ids that legs counted by themselves named: those legs.
  std::map<std::string, std::uint64_t> counted_with_claims_;
};

std::string deferrals_key(const LegRecord& leg, const LegRecipient& recipient, DeferralsBy by) {
  auto domain = ascii_domain(split_address(recipient.recipient).domain);
  switch (by) {
    case DeferralsBy::domain:
      return domain;
    case DeferralsBy::provider:
      return std::string(provider_of(recipient.relay.host, domain));
    case DeferralsBy::reason:
      return std::string(reason_name(recipient.reason));
    case DeferralsBy::relay:
      return recipient.relay.host.empty() ? recipient.relay.ip : ascii_lower(recipient.relay.host);
    case DeferralsBy::sender:
      if (!leg.envelope_sender) return "";
      return leg.envelope_sender->empty() ? "<>" : ascii_address(*leg.envelope_sender);
  }
  return "";
}

void add_deferral(const LegRecord& leg, const LegRecipient& recipient, DeferralsRow& row) {
  if (row.recipients == 0 || leg.opened_at < row.oldest_arrived_at)
    row.oldest_arrived_at = leg.opened_at;
  const auto last = recipient.last_attempt_at.value_or(leg.last_activity_at);
  if (row.recipients == 0 || last > row.last_attempt_at) {
    row.last_attempt_at = last;
    row.reply_text = recipient.reply_text;
    row.reason = recipient.reason;
  }
  ++row.recipients;
  row.attempts += recipient.attempts;
}

template <typename Enum, std::size_t kSize>
std::optional<Enum> parse_name(const std::array<std::string_view, kSize>& names,
                               std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

struct Provider {
  std::string_view name;
  std::string_view suffix;  // of a mail server's name or of a domain
};

}  // namespace

std::optional<SummaryBy> parse_summary_by(std::string_view name) {
  static constexpr std::array<std::string_view, 7> kNames = {
      "sender", "login", "client", "domain", "outcome", "reason", "script"};
  return parse_name<SummaryBy>(kNames, name);
}

std::optional<DeferralsBy> parse_deferrals_by(std::string_view name) {
  static constexpr std::array<std::string_view, 5> kNames = {"domain", "provider", "reason",
                                                             "relay", "sender"};
  return parse_name<DeferralsBy>(kNames, name);
}

Result<Summary> summarize(StoreReader& store, const TimeRange& range,
                          const SummaryQuestion& question, std::size_t rows_max,
                          const QueryLimits& limits, const Clock& clock) {
  const TimeLeft left(limits, clock);
  Summarizer summarizer(question);
  auto figures = limits;
  figures.figures_only = question.direction.empty() && question.by != SummaryBy::script;
  const auto done = store.for_each_leg({}, range, figures, [&](const LegRecord& leg) {
    summarizer.add(leg);
    return Visit::go_on;
  });
  if (!done) return done.error();
  Summary out;
  out.cut = *done;
  const auto joined = summarizer.join_late(store, left);
  if (!joined) return joined.error();
  if (out.cut == CutBy::nothing) out.cut = *joined;
  summarizer.put_down_aside();
  const auto sent_on = summarizer.join_sent_on(store, range, left);
  if (!sent_on) return sent_on.error();
  if (out.cut == CutBy::nothing) out.cut = *sent_on;
  const auto unnamed = summarizer.add_unnamed(store, left);
  if (!unnamed) return unnamed.error();
  if (out.cut == CutBy::nothing) out.cut = *unnamed;
  summarizer.finish(out, rows_max);
  return out;
}

Result<Deferrals> list_deferrals(StoreReader& store, const TimeRange& range, DeferralsBy by,
                                 std::size_t rows_max, const QueryLimits& limits,
                                 const Clock& clock) {
  const TimeLeft left(limits, clock);
  Deferrals out;
  std::map<std::string, DeferralsRow> rows;
  const auto count = [&](const LegRecord& leg, const LegRecipient& recipient) {
    if (recipient.outcome != Outcome::deferred) return;
    ++out.recipients;
    const auto key = deferrals_key(leg, recipient, by);
    const auto found = rows.find(key);
    if (found != rows.end()) {
      add_deferral(leg, recipient, found->second);
    } else if (rows.size() < kKeysMax) {
      add_deferral(leg, recipient, rows[key]);
    }
  };
  std::vector<std::uint64_t> requeued;
  const auto done = store.for_each_leg({}, range, limits, [&](const LegRecord& leg) {
    if (leg.probe || leg.closed_at) return Visit::go_on;
    if (was_requeued(leg) && requeued.size() < kRequeuedMax) {
      requeued.push_back(leg.id);
      return Visit::go_on;
    }
    for (const auto& recipient : leg.recipients) count(leg, recipient);
    return Visit::go_on;
  });
  if (!done) return done.error();
  out.cut = *done;
  // They wait since they came, under whichever id.
  AssemblyMemory memory;
  for (const auto leg_id : requeued) {
    if (left.is_over()) {
      out.cut = CutBy::time;
      break;
    }
    const auto assembled = assemble(store, leg_id, memory);
    if (!assembled) return assembled.error();
    const auto& journey = *assembled;
    if (!journey) continue;
    const auto& legs = journey->legs;
    for (const auto& recipient : journey->recipients) {
      if (legs[recipient.leg].id == leg_id) count(legs.front(), recipient.state);
    }
  }
  out.keys = rows.size();
  for (auto& keyed : rows) {
    keyed.second.key = keyed.first;
    out.rows.push_back(std::move(keyed.second));
  }
  std::ranges::stable_sort(out.rows, std::greater<>(), &DeferralsRow::recipients);
  if (out.rows.size() > rows_max) out.rows.resize(rows_max);
  return out;
}

std::string_view provider_of(std::string_view relay_host, std::string_view domain) {
  static constexpr std::array<Provider, 34> kProviders = {{{"google", "google.com"},
                                                           {"google", "googlemail.com"},
                                                           {"google", "gmail.com"},
                                                           {"microsoft", "protection.outlook.com"},
                                                           {"microsoft", "mx.microsoft"},
                                                           {"microsoft", "outlook.com"},
                                                           {"microsoft", "hotmail.com"},
                                                           {"microsoft", "live.com"},
                                                           {"microsoft", "msn.com"},
                                                           {"yahoo", "yahoodns.net"},
                                                           {"yahoo", "yahoo.com"},
                                                           {"yahoo", "aol.com"},
                                                           {"apple", "icloud.com"},
                                                           {"apple", "me.com"},
                                                           {"gmx", "gmx.net"},
                                                           {"gmx", "web.de"},
                                                           {"gmx", "gmx.de"},
                                                           {"ionos", "kundenserver.de"},
                                                           {"ionos", "1and1.com"},
                                                           {"ovh", "ovh.net"},
                                                           {"orange", "orange.fr"},
                                                           {"orange", "wanadoo.fr"},
                                                           {"telekom", "t-online.de"},
                                                           {"proofpoint", "pphosted.com"},
                                                           {"proofpoint", "ppe-hosted.com"},
                                                           {"mimecast", "mimecast.com"},
                                                           {"barracuda", "barracudanetworks.com"},
                                                           {"cisco", "iphmx.com"},
                                                           {"zoho", "zoho.com"},
                                                           {"protonmail", "protonmail.ch"},
                                                           {"fastmail", "messagingengine.com"},
                                                           {"yandex", "yandex.net"},
                                                           {"telmex", "prodigy.net.mx"},
                                                           {"mailru", "mail.ru"}}};
  for (const auto text : {relay_host, domain}) {
    const auto name = ascii_lower(text);
    for (const auto& provider : kProviders) {
      if (name == provider.suffix ||
          (name.size() > provider.suffix.size() && name.ends_with(provider.suffix) &&
           name[name.size() - provider.suffix.size() - 1] == '.'))
        return provider.name;
    }
  }
  return "other";
}

}  // namespace rastro
