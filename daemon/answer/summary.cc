#include "daemon/answer/summary.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/address.h"
#include "daemon/answer/idn.h"

namespace rastro {
namespace {

constexpr std::size_t kKeysMax = 200'000;
constexpr std::size_t kAsideMax = 200'000;

bool is_loopback(const std::string& ip) { return ip.starts_with("127.") || ip == "::1"; }

bool stays_one_message(LegLink::Kind kind) {
  return kind == LegLink::Kind::filter || kind == LegLink::Kind::forward ||
         kind == LegLink::Kind::requeue || kind == LegLink::Kind::hop;
}

// Whether that recipient's end is told by another leg of this host.
bool is_passed_on(const LegRecord& leg, std::size_t recipient) {
  if (leg.recipients[recipient].outcome == Outcome::passed) return true;
  return std::ranges::any_of(leg.links, [&](const LegLink& link) {
    return link.direction == LegLink::Direction::child && !link.claimed_by_peer &&
           stays_one_message(link.kind) && link.recipient == static_cast<std::int32_t>(recipient);
  });
}

bool has_parent(const LegRecord& leg) {
  return std::ranges::any_of(leg.links, [](const LegLink& link) {
    return link.direction == LegLink::Direction::parent && stays_one_message(link.kind);
  });
}

// What a leg adds to the keys of a summary.
struct Contribution {
  std::vector<std::string> keys;  // for the message
  std::vector<std::pair<std::string, Outcome>> recipients;
  std::uint64_t bytes = 0;
};

class Summarizer {
 public:
  explicit Summarizer(SummaryBy by) : by_(by) {}

  void add(const LegRecord& leg) {
    if (leg.probe) return;
    for (const auto& link : leg.links) {
      if (link.direction == LegLink::Direction::child && stays_one_message(link.kind) &&
          named_children_.size() < kAsideMax)
        named_children_.insert(link.queue_id);
    }
    auto one = contribution_of(leg);
    const bool re_injected = has_parent(leg);
    if (re_injected) {
      apply(one, false);
    } else if (is_loopback(leg.submission.client.ip) && !leg.submission.login &&
               aside_.size() < kAsideMax) {
      // A filter's way back looks like this, and so does a program on this host: the leg that
      // handed it over names it, and is older.
      aside_.emplace_back(leg.queue_id, std::move(one));
    } else {
      apply(one, true);
    }
  }

  void finish(Summary& out, std::size_t rows_max) {
    for (const auto& [queue_id, one] : aside_) apply(one, !named_children_.contains(queue_id));
    out.total = std::move(total_);
    out.keys = rows_.size();
    for (auto& [key, row] : rows_) {
      row.key = key;
      out.rows.push_back(std::move(row));
    }
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

  Contribution contribution_of(const LegRecord& leg) const {
    Contribution out;
    out.bytes = leg.size_bytes.value_or(0);
    const auto whole = message_key(leg);
    if (whole) out.keys.push_back(*whole);
    std::set<std::string> keys;
    for (std::size_t i = 0; i < leg.recipients.size(); ++i) {
      if (is_passed_on(leg, i)) continue;
      const auto& recipient = leg.recipients[i];
      auto key = whole ? *whole : recipient_key(recipient);
      if (!whole) keys.insert(key);
      out.recipients.emplace_back(std::move(key), recipient.outcome);
    }
    if (!whole) out.keys.assign(keys.begin(), keys.end());
    return out;
  }

  void apply(const Contribution& one, bool is_message) {
    const auto add_message = [&](SummaryRow& row) {
      ++row.messages;
      row.bytes += one.bytes;
    };
    if (is_message) add_message(total_);
    for (const auto& key : one.keys) {
      auto* row = row_of(key);
      if (row != nullptr && is_message) add_message(*row);
    }
    for (const auto& [key, outcome] : one.recipients) {
      ++total_.recipients[static_cast<std::size_t>(outcome)];
      if (auto* row = row_of(key)) ++row->recipients[static_cast<std::size_t>(outcome)];
    }
  }

  SummaryRow* row_of(const std::string& key) {
    const auto found = rows_.find(key);
    if (found != rows_.end()) return &found->second;
    return rows_.size() < kKeysMax ? &rows_[key] : nullptr;
  }

  SummaryBy by_;
  std::map<std::string, SummaryRow> rows_;
  SummaryRow total_;
  std::set<std::string> named_children_;
  std::vector<std::pair<std::string, Contribution>> aside_;
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
  static constexpr std::array<std::string_view, 6> kNames = {"sender", "login",   "client",
                                                             "domain", "outcome", "reason"};
  return parse_name<SummaryBy>(kNames, name);
}

std::optional<DeferralsBy> parse_deferrals_by(std::string_view name) {
  static constexpr std::array<std::string_view, 5> kNames = {"domain", "provider", "reason",
                                                             "relay", "sender"};
  return parse_name<DeferralsBy>(kNames, name);
}

Result<Summary> summarize(StoreReader& store, const TimeRange& range, SummaryBy by,
                          std::size_t rows_max, const QueryLimits& limits) {
  Summarizer summarizer(by);
  auto figures = limits;
  figures.figures_only = true;
  const auto done = store.for_each_leg({}, range, figures, [&](const LegRecord& leg) {
    summarizer.add(leg);
    return Visit::go_on;
  });
  if (!done) return done.error();
  Summary out;
  out.cut = *done;
  summarizer.finish(out, rows_max);
  return out;
}

Result<Deferrals> list_deferrals(StoreReader& store, const TimeRange& range, DeferralsBy by,
                                 std::size_t rows_max, const QueryLimits& limits) {
  Deferrals out;
  std::map<std::string, DeferralsRow> rows;
  const auto done = store.for_each_leg({}, range, limits, [&](const LegRecord& leg) {
    if (leg.probe || leg.closed_at) return Visit::go_on;
    for (const auto& recipient : leg.recipients) {
      if (recipient.outcome != Outcome::deferred) continue;
      ++out.recipients;
      const auto key = deferrals_key(leg, recipient, by);
      const auto found = rows.find(key);
      if (found != rows.end()) {
        add_deferral(leg, recipient, found->second);
      } else if (rows.size() < kKeysMax) {
        add_deferral(leg, recipient, rows[key]);
      }
    }
    return Visit::go_on;
  });
  if (!done) return done.error();
  out.cut = *done;
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
