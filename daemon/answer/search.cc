#include "daemon/answer/search.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <queue>
#include <set>

#include "daemon/answer/id_case.h"
#include "daemon/answer/misspelt.h"
#include "daemon/answer/pattern_keys.h"
#include "daemon/answer/typed.h"

namespace rastro {
namespace {

// Sources that are merged at a first start, or followed, are never further apart than this unless
// one of them was unreadable for a while.
constexpr Duration kDisorderMax = std::chrono::minutes(5);
constexpr std::size_t kFirstRound = 16;  // legs looked at beyond one and a half of what is wanted
constexpr std::size_t kScoredMax = 20'000;
constexpr std::size_t kMisspeltMax = 8;
constexpr Duration kCountingMax = std::chrono::milliseconds(20);
constexpr std::uint64_t kCountedMax = 150;  // rows: of more, "about" is as good

// Whether anything happened to it then: what waits in the queue is active all the time.
bool has_line_within(const Journey& journey, const TimeRange& range) {
  const auto is_then = [&range](Time at) { return at >= range.from && at <= range.until; };
  return std::ranges::any_of(journey.legs, [&](const LegRecord& leg) {
    return is_then(leg.opened_at) || is_then(leg.last_activity_at) ||
           std::ranges::any_of(leg.timeline,
                               [&](const TimelineEntry& entry) { return is_then(entry.at); }) ||
           std::ranges::any_of(leg.recipients, [&](const LegRecipient& recipient) {
             return (recipient.first_attempt_at && is_then(*recipient.first_attempt_at)) ||
                    (recipient.last_attempt_at && is_then(*recipient.last_attempt_at));
           });
  });
}

class Finder {
 public:
  Finder(StoreReader& store, const FindRequest& request, Duration time_left, const Clock& clock)
      : store_(store), request_(request), time_left_(time_left), clock_(clock) {
    started_at_ = clock.steady();
    range_ = request.range;
    newest_first_ = request.sort != SortBy::oldest;
  }

  Result<FindAnswer> run() {
    if (auto done = choose_driver(); !done) return done.error();
    bound_ = request_.before;
    std::size_t round =
        request_.sort == SortBy::score ? kScoredMax : request_.limit * 3 / 2 + kFirstRound;
    for (;;) {
      std::vector<std::uint64_t> legs;
      if (auto done = collect(round, legs); !done) return done.error();
      if (request_.sort == SortBy::score) {
        std::ranges::sort(legs, {}, [this](std::uint64_t leg) { return away(leg); });
        if (!legs.empty()) bound_ = *std::ranges::min_element(legs);
      } else if (!legs.empty()) {
        bound_ = legs.back();
      }
      if (auto done = look_at(legs); !done) return done.error();
      if (legs.size() < round) {
        seen_all_ = answer_.cut == CutBy::nothing && !stopped_counting_;
        break;
      }
      if (answer_.cut == CutBy::time || (answer_.more && !may_count_on())) break;
      round *= 4;
    }
    if (request_.sort == SortBy::score && misspelt_ == nullptr && !answer_.more) {
      if (auto done = add_misspelt(&FindRequest::recipient, &Matched::recipient); !done)
        return done.error();
      if (auto done = add_misspelt(&FindRequest::sender, &Matched::sender); !done)
        return done.error();
    }
    finish();
    return std::move(answer_);
  }

 private:
  // Of several keys the one with the fewest postings.
  Result<void> choose_driver() {
    auto all = drivers(request_);
    std::size_t best = 0;
    std::uint64_t fewest = 0;
    for (std::size_t i = 0; all.size() > 1 && i < all.size(); ++i) {
      const auto rows = store_.count_rows(all[i].keys, range_);
      if (!rows) return rows.error();
      if (i == 0 || *rows < fewest) {
        best = i;
        fewest = *rows;
      }
    }
    driver_ = std::move(all[best]);
    return driver_.keys.empty() ? drive_by_pattern() : Result<void>();
  }

  Result<void> drive_by_pattern() {
    const auto left = limits();
    if (!left) return {};
    auto looked_up = pattern_keys(store_, request_, *left);
    if (!looked_up) return looked_up.error();
    auto& keys = *looked_up;
    if (!keys) return {};
    nothing_fits_ = keys->empty();
    driver_.keys = std::move(*keys);
    return {};
  }

  // nullopt: none is left.
  std::optional<QueryLimits> limits() {
    if (time_left_ <= Duration::zero()) return QueryLimits{Duration::zero()};
    const auto left = time_left_ - (clock_.steady() - started_at_);
    if (left > Duration::zero()) return QueryLimits{left};
    answer_.cut = CutBy::time;
    return std::nullopt;
  }

  bool comes_first(std::uint64_t a, std::uint64_t b) const { return newest_first_ ? a > b : a < b; }

  // The first `count` legs behind bound_ that the driver holds for, in order.
  Result<void> collect(std::size_t count, std::vector<std::uint64_t>& out) {
    const auto first = [this](std::uint64_t a, std::uint64_t b) { return comes_first(a, b); };
    std::priority_queue<std::uint64_t, std::vector<std::uint64_t>, decltype(first)> kept(first);
    auto range = range_;
    if (bound_ && newest_first_)
      range.until = std::min(range.until, opening_second(*bound_) + std::chrono::seconds(1));
    if (nothing_fits_) return {};
    auto left = limits();
    if (!left) return {};
    LegIdRange wanted;
    if (bound_ && newest_first_) wanted.until = *bound_ - 1;
    if (bound_ && !newest_first_) wanted.from = *bound_ + 1;
    (*left).wanted = &wanted;
    (*left).marks_only = !driver_.keys.empty();  // each is loaded and matched when its turn comes
    (*left).own_hours_first = (*left).marks_only && newest_first_;
    bool full = false;
    std::uint64_t legs_seen = 0;
    const auto done = store_.for_each_leg(driver_.keys, range, *left, [&](const LegRecord& leg) {
      if (leg.probe || (driver_.keys.empty() && !driver_.holds(leg))) return Visit::go_on;
      if (bound_ && !comes_first(*bound_, leg.id)) return Visit::go_on;
      ++legs_seen;
      kept.push(leg.id);
      if (kept.size() > count) kept.pop();
      if (kept.size() == count) {
        full = true;
        (newest_first_ ? wanted.from : wanted.until) = kept.top();
      }
      // Whatever comes later, of this hour, was active earlier, and arrived earlier still.
      const bool enough = newest_first_ && kept.size() == count &&
                          leg.last_activity_at + kDisorderMax < opening_second(kept.top());
      if (!enough) return Visit::go_on;
      return (*left).own_hours_first ? Visit::next_hour : Visit::stop;
    });
    if (!done) return done.error();
    if (*done == CutBy::time) answer_.cut = CutBy::time;
    if (!sample_) sample_ = {legs_seen, store_.rows_seen(), *done != CutBy::nothing || full};
    out.resize(kept.size());
    for (auto at = out.size(); at-- > 0; kept.pop()) out[at] = kept.top();
    return {};
  }

  // Of a journey's legs only the first that the driver holds for stands for it, so that it comes
  // once, at one place, however it grows meanwhile. The driver saw the legs as they are stored: in
  // a journey what was handed on to the next leg is `passed`, not delivered.
  Result<bool> stands_for(std::uint64_t leg_id, const Journey& journey) {
    for (const auto& leg : journey.legs) {
      if (leg.opened_at > range_.until ||
          std::max(leg.opened_at, leg.last_activity_at) < range_.from)
        continue;
      if (!driver_.holds(leg)) continue;
      if (leg.id == leg_id) return true;
      const auto loaded = memory_.load(store_, leg.id);
      if (!loaded) return loaded.error();
      const auto& stored = *loaded;
      if (stored && driver_.holds(*stored)) return false;
    }
    return true;  // what the driver saw has changed since
  }

  // Ranked answers hold almost the same addresses too: whoever remembers the time misremembers the
  // spelling.
  Result<void> add_misspelt(std::optional<AddressPattern> FindRequest::*field,
                            AddressPattern::Fit Matched::*fit) {
    const auto& asked = request_.*field;
    if (!asked || asked->form() != AddressPattern::Form::address) return {};
    const auto left = limits();
    if (!left) return {};
    const auto near = near_addresses(store_, *asked, range_, *left);
    if (!near) return near.error();
    if (near->cut == CutBy::time) answer_.cut = CutBy::time;
    for (std::size_t i = 0; i < std::min(near->addresses.size(), kMisspeltMax); ++i) {
      if (near->addresses[i].steps > kStepsMax) break;
      if (auto done = add_spelling(field, fit, near->addresses[i].address); !done) return done;
    }
    return {};
  }

  Result<void> add_spelling(std::optional<AddressPattern> FindRequest::*field,
                            AddressPattern::Fit Matched::*fit, const std::string& address) {
    auto other = request_;
    (other.*field).emplace(address);
    other.limit = kept_max();
    other.offset = 0;
    const auto left = limits();
    if (!left) return {};
    Finder finder(store_, other, left->deadline, clock_);
    finder.misspelt_ = fit;
    finder.asked_ = &request_;
    finder.known_ = known_;
    auto found = finder.run();
    if (!found) return found.error();
    matched_ += found->items.size();
    if (found->cut == CutBy::time) answer_.cut = CutBy::time;
    for (auto& item : found->items) {
      for (const auto& leg : item.journey.legs) known_.insert(leg.id);
      answer_.items.push_back(std::move(item));
    }
    return {};
  }

  Result<void> look_at(const std::vector<std::uint64_t>& legs) {
    for (const auto leg : legs) {
      if (known_.contains(leg)) continue;
      if (!limits()) return {};
      if (request_.sort == SortBy::score && worst_kept_ > best_score_at(away(leg), request_)) {
        answer_.more = true;  // and none of the rest can be among the best
        if (!may_count_on()) return {};
      }
      auto assembled = assemble(store_, leg, memory_);
      if (!assembled) return assembled.error();
      ++looked_at_;
      auto& journey = *assembled;
      if (!journey) continue;
      const auto stands = stands_for(leg, *journey);
      if (!stands) return stands.error();
      if (!*stands) continue;
      auto matched = match(*journey, request_);
      if (!matched) continue;
      if (request_.at && !has_line_within(*journey, request_.range)) {
        keep_waiting(*journey, *matched, leg);
        continue;
      }
      if (misspelt_ != nullptr) (*matched).*misspelt_ = AddressPattern::Fit::misspelt;
      for (const auto& other : journey->legs) known_.insert(other.id);
      ++matched_;
      if (request_.sort != SortBy::score && answer_.items.size() >= request_.limit) {
        answer_.more = true;  // the rest is counted only
        if (!may_count_on()) return {};
        continue;
      }
      last_shown_ = leg;
      auto ranking = rank(*journey, *matched, *asked_);
      answer_.items.push_back({std::move(*journey), std::move(ranking), misspelt_ != nullptr,
                               std::move(matched->recipients), leg});
      if (request_.sort == SortBy::score) drop_worst();
    }
    return {};
  }

  void keep_waiting(Journey& journey, Matched& matched, std::uint64_t leg) {
    for (const auto& other : journey.legs) known_.insert(other.id);
    ++answer_.waiting_total;
    if (misspelt_ != nullptr || answer_.waiting_then.size() >= FindAnswer::kWaitingMax) return;
    auto ranking = rank(journey, matched, *asked_);
    answer_.waiting_then.push_back(
        {std::move(journey), std::move(ranking), false, std::move(matched.recipients), leg});
  }

  // A full count is a small thing in a small index: "about 50" of 92 helps nobody.
  bool may_count_on() {
    if (!request_.thorough || request_.before || stopped_counting_) return false;
    if (!counting_since_) {
      counting_since_ = clock_.steady();
      const auto rows = driver_.keys.empty() ? 0 : store_.count_rows(driver_.keys, range_);
      stopped_counting_ = !rows || *rows > kCountedMax;
    }
    stopped_counting_ = stopped_counting_ || clock_.steady() - *counting_since_ > kCountingMax;
    return !stopped_counting_;
  }

  static double score_of(const FoundJourney& found) { return found.ranking.score.value_or(0); }

  void sort_by_score() {
    std::ranges::sort(answer_.items, [](const FoundJourney& a, const FoundJourney& b) {
      return std::pair(score_of(a), a.journey.id()) > std::pair(score_of(b), b.journey.id());
    });
  }

  // Ids order legs by the second alone; cursors go by them, so this is for one page.
  void sort_within_seconds() {
    const auto place = [](const FoundJourney& found) {
      const auto& legs = found.journey.legs;
      const auto leg = std::ranges::find(legs, found.leg, &LegRecord::id);
      return std::pair(opening_second(found.leg),
                       leg == legs.end() ? opening_second(found.leg) : leg->opened_at);
    };
    std::ranges::stable_sort(answer_.items, [&](const FoundJourney& a, const FoundJourney& b) {
      return newest_first_ ? place(a) > place(b) : place(a) < place(b);
    });
  }

  // With those of the pages before: the best of all come first, whoever has seen them.
  std::size_t kept_max() const { return request_.offset + request_.limit; }

  // Only the best are kept: an answer of thousands would be held in memory for fifty.
  void drop_worst() {
    if (answer_.items.size() < 2 * kept_max() + 64) return;
    sort_by_score();
    answer_.items.resize(kept_max());
    worst_kept_ = score_of(answer_.items.back());
  }

  Duration away(std::uint64_t leg) const {
    const auto away = std::chrono::abs(opening_second(leg) - request_.at.value_or(Time{}));
    return std::max(Duration::zero(), away - request_.at_half_span);
  }

  void finish() {
    if (request_.sort == SortBy::score) {
      sort_by_score();
      if (matched_ > kept_max()) {
        answer_.more = true;
        answer_.items.resize(std::min(answer_.items.size(), kept_max()));
      }
      if (answer_.more && answer_.items.size() == kept_max())
        answer_.cursor = make_score_cursor(kept_max());
      const auto shown = std::min(request_.offset, answer_.items.size());
      answer_.items.erase(answer_.items.begin(),
                          answer_.items.begin() + static_cast<std::ptrdiff_t>(shown));
    } else {
      sort_within_seconds();
    }
    const bool whole = !answer_.more && answer_.cut == CutBy::nothing && request_.is_first_page();
    answer_.total = matched_;
    answer_.total_is_exact = whole || (seen_all_ && !request_.before);
    if (!answer_.total_is_exact) estimate();
    if ((answer_.more || answer_.cut == CutBy::time) && last_shown_ != 0 &&
        request_.sort != SortBy::score)
      answer_.cursor = make_cursor(request_.sort, last_shown_);
  }

  // From the part of the postings (or rows) that was read, and the share of legs that matched.
  void estimate() {
    if (looked_at_ == 0 || !sample_) return;
    auto legs = static_cast<double>(sample_->legs);
    if (sample_->stopped_early && sample_->rows > 0) {
      if (const auto rows = store_.count_rows(driver_.keys, range_))
        legs *= std::max(1.0, static_cast<double>(*rows) / static_cast<double>(sample_->rows));
    }
    const auto share = static_cast<double>(matched_) / static_cast<double>(looked_at_);
    const auto estimated = static_cast<std::uint64_t>(std::llround(legs * share));
    const std::uint64_t least = answer_.items.size() + (answer_.more ? 1 : 0);
    answer_.total = std::max({estimated, least, matched_});
  }

  StoreReader& store_;
  const FindRequest& request_;
  Duration time_left_;
  const Clock& clock_;
  Duration started_at_{0};
  TimeRange range_;
  Driver driver_;
  bool nothing_fits_ = false;
  bool newest_first_ = true;
  std::optional<std::uint64_t> bound_;
  AssemblyMemory memory_;
  std::set<std::uint64_t> known_;  // legs of journeys in the answer
  std::uint64_t last_shown_ = 0;
  // What the first look at the index met: what a total is estimated from.
  struct Sample {
    std::uint64_t legs = 0;
    std::uint64_t rows = 0;
    bool stopped_early = false;
  };
  std::optional<Sample> sample_;
  std::uint64_t looked_at_ = 0;
  std::uint64_t matched_ = 0;
  bool seen_all_ = false;  // every leg that could be part of the answer
  bool stopped_counting_ = false;
  std::optional<Duration> counting_since_;  // steady
  double worst_kept_ = 0;
  // Set while near spellings are looked for: what they are near to.
  AddressPattern::Fit Matched::*misspelt_ = nullptr;
  const FindRequest* asked_ = &request_;
  FindAnswer answer_;
};

constexpr std::size_t kSameIdLegsMax = 100;

Result<FoundById> with_their_messages(StoreReader& store,
                                      const std::set<std::uint64_t, std::greater<>>& legs) {
  FoundById out;
  AssemblyMemory memory;
  std::set<std::uint64_t> known;
  for (const auto leg : legs) {
    if (known.contains(leg)) continue;
    auto journey = assemble(store, leg, memory);
    if (!journey) return journey.error();
    if (!*journey) continue;
    for (const auto& other : (*journey)->legs) known.insert(other.id);
    if (!out.journey) {
      out.journey = std::move(*journey);
    } else {
      out.others.push_back(std::move(**journey));
    }
    if (out.others.size() == FoundById::kSameIdMax) break;
  }
  return out;
}

}  // namespace

Result<FindAnswer> find_journeys(StoreReader& store, const FindRequest& request, Duration time_left,
                                 const Clock& clock) {
  return Finder(store, request, time_left, clock).run();
}

Result<FoundById> find_by_id(StoreReader& store, const std::string& typed) {
  const auto id =
      typed.find('@') == std::string::npos ? typed_queue_id(typed) : typed_message_id(typed);
  if (const auto leg_id = parse_leg_id(id)) {
    auto journey = assemble(store, *leg_id);
    if (!journey) return journey.error();
    if (*journey) return FoundById{std::move(*journey), {}};
  }
  const auto slash = id.rfind('/');
  const auto host = slash == std::string::npos ? "" : id.substr(0, slash);
  const auto queue_id = slash == std::string::npos ? id : id.substr(slash + 1);
  std::set<std::uint64_t, std::greater<>> legs;  // the newest that fit
  const auto look = [&](KeyKind kind, const std::string& value) {
    return store.for_each_leg({{kind, value}}, {}, {}, [&](const LegRecord& leg) {
      if (!leg.probe && (kind != KeyKind::queue_id || is_host_called(leg.host, host)))
        legs.insert(leg.id);
      if (legs.size() > kSameIdLegsMax) legs.erase(std::prev(legs.end()));
      return Visit::go_on;
    });
  };
  for (const auto& form : queue_id_forms(queue_id)) {
    if (auto done = look(KeyKind::queue_id, form); !done) return done.error();
  }
  for (const auto& form : {id, "<" + id + ">"}) {
    if (!legs.empty()) break;
    if (auto done = look(KeyKind::message_id, form); !done) return done.error();
  }
  if (legs.empty()) {
    constexpr Duration kLookMax = std::chrono::milliseconds(300);
    const bool is_message_id = id.find('@') != std::string::npos;
    const auto other = is_message_id ? message_id_in_other_case(store, id, {}, kLookMax)
                                     : queue_id_in_other_case(store, queue_id, kLookMax);
    if (!other) return other.error();
    if (other->empty()) return FoundById();
    for (const auto& form : {*other, "<" + *other + ">"}) {
      if (!legs.empty()) break;
      if (auto done = look(is_message_id ? KeyKind::message_id : KeyKind::queue_id, form); !done)
        return done.error();
    }
  }
  return with_their_messages(store, legs);
}

}  // namespace rastro
