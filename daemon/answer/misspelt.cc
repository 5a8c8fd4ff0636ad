#include "daemon/answer/misspelt.h"

#include <algorithm>
#include <array>
#include <map>

#include "core/address.h"
#include "core/ascii.h"
#include "core/edit_distance.h"

namespace rastro {
namespace {

bool is_below(std::string_view domain, std::string_view above) {
  return domain.size() > above.size() && domain.ends_with(above) &&
         domain[domain.size() - above.size() - 1] == '.';
}

// "taller" of "taller.es" and "taller.com.ar"; "" of "mail.taller.es".
std::string_view own_name(std::string_view domain) {
  constexpr std::size_t kSecondLevel = 3;  // "co", "com", "org"
  const auto dot = domain.find('.');
  if (dot == std::string_view::npos) return domain;
  const auto rest = domain.substr(dot + 1);
  const auto second = rest.find('.');
  const bool ends =
      second == std::string_view::npos ||
      (second <= kSecondLevel && rest.find('.', second + 1) == std::string_view::npos);
  return ends ? domain.substr(0, dot) : std::string_view();
}

constexpr std::size_t kCandidatesMax = 10'000;

// Steps from one word to many that come in order: what was worked out for the first bytes of one
// holds for the next ones that share them. As edit_distance(), up to kStepsMax.
class StepsTo {
 public:
  static constexpr std::size_t kTooMany = kStepsMax + 1;
  explicit StepsTo(std::string word) : word_(std::move(word)), rows_(word_.size() + kWidth) {
    for (std::size_t at = 0; at < kWidth; ++at) {
      const bool outside = at < kStepsMax || at - kStepsMax > word_.size();
      rows_[0][at] = outside ? kMany : static_cast<std::uint8_t>(at - kStepsMax);
    }
  }

  // `same`: how many first bytes `text` shares with the text before. Where the steps are too many,
  // whatever has the first `decided` bytes is as far away.
  std::size_t operator()(std::string_view text, std::size_t same, std::size_t& decided) {
    decided = kSeeAll;
    known_ = std::min(known_, same);
    while (known_ < text.size()) {
      const bool alive = next_row(text, known_ + 1);
      ++known_;
      if (alive) continue;
      decided = known_;
      return kTooMany;
    }
    const auto at = word_.size() + kStepsMax - text.size();
    return at < kWidth ? std::min<std::size_t>(rows_[text.size()][at], kTooMany) : kTooMany;
  }

 private:
  // Of each row only what is near the diagonal: the others are more than kStepsMax.
  static constexpr std::size_t kWidth = 2 * kStepsMax + 1;
  static constexpr std::uint8_t kMany = kTooMany;
  using Row = std::array<std::uint8_t, kWidth>;

  // False: all of it is too many steps.
  bool next_row(std::string_view text, std::size_t i) {
    auto& row = rows_[i];
    const auto& back = rows_[i - 1];
    const char c = text[i - 1];
    bool alive = false;
    for (std::size_t at = 0; at < kWidth; ++at) {
      const auto j = i + at;  // and kStepsMax more than the place in the word
      unsigned steps = kMany;
      if (j == kStepsMax) {
        steps = static_cast<unsigned>(i);
      } else if (j > kStepsMax && j - kStepsMax <= word_.size()) {
        const auto place = j - kStepsMax;
        const char w = word_[place - 1];
        steps = back[at] + (c == w ? 0U : 1U);
        if (at + 1 < kWidth) steps = std::min(steps, back[at + 1] + 1U);
        if (at > 0) steps = std::min(steps, row[at - 1] + 1U);
        if (i > 1 && place > 1 && c == word_[place - 2] && text[i - 2] == w)
          steps = std::min(steps, rows_[i - 2][at] + 1U);
      }
      row[at] = static_cast<std::uint8_t>(std::min<unsigned>(steps, kMany));
      alive = alive || row[at] < kMany;
    }
    return alive;
  }

  std::string word_;
  std::vector<Row> rows_;  // the last ones are all too many
  std::size_t known_ = 0;  // rows of the text before, behind the first
};

// Two steps in a short word leave nothing of it.
std::size_t steps_max(std::string_view word) {
  constexpr std::size_t kShort = 4;
  return word.size() <= kShort ? 1 : kStepsMax;
}

// Addresses near one that was asked for. Local part and domain may each be two steps away, but not
// both: "jaun@exmaple.org" is a slip, two half-known words are another address.
class Nearest {
 public:
  explicit Nearest(const AddressPattern& asked) : asked_(asked.text()), steps_to_(asked_) {
    const auto parts = split_address(asked_);
    local_part_ = parts.local_part;
    domain_ = parts.domain;
    if (!parts.domain.empty()) at_any_domain_ = local_part_ + "@";
    word_ = asked.form() == AddressPattern::Form::local_part;
  }

  std::size_t offer(std::string_view address, std::size_t same) {
    if (candidates_.size() >= kCandidatesMax) return 0;
    if (word_) {
      const auto parts = split_address(address);
      offer_to_word(address, parts.local_part, parts.domain);
      return kSeeAll;
    }
    std::size_t decided = 0;
    const auto steps = steps_to_(address, same, decided);
    if (!at_any_domain_.empty()) {
      const auto [in_asked, in_address] = std::mismatch(
          at_any_domain_.begin(), at_any_domain_.end(), address.begin(), address.end());
      if (in_asked == at_any_domain_.end()) {
        const auto parts = split_address(address);
        if (steps > 0 && !parts.domain.empty() && parts.local_part == local_part_) {
          keep(address, steps <= kStepsMax                    ? steps
                        : is_same_name(domain_, parts.domain) ? kSameNameSteps
                                                              : kOtherDomainSteps);
          return kSeeAll;
        }
        decided = kSeeAll;
      } else if (in_address == address.end()) {
        decided = kSeeAll;
      } else if (decided != kSeeAll) {
        decided = std::max(decided, static_cast<std::size_t>(in_address - address.begin()) + 1);
      }
    }
    if (steps > 0 && steps <= kStepsMax) keep(address, steps);
    return decided;
  }
  const std::map<std::string, std::size_t, std::less<>>& candidates() const { return candidates_; }

 private:
  void offer_to_word(std::string_view address, std::string_view local_part,
                     std::string_view domain) {
    const auto most = steps_max(asked_);
    const auto steps = edit_distance(local_part, asked_, most);
    if (steps > 0 && steps <= most) keep(address, steps);
    if (asked_.empty() || domain.find(asked_) == std::string_view::npos) return;
    // "mora.example" is how somebody remembers despachomora.example.
    if (asked_.find('.') != std::string::npos && domain.ends_with(asked_))
      keep("@" + std::string(domain), kStepsMax);
    const auto at = ("." + std::string(domain) + ".").find("." + asked_ + ".");
    if (at != std::string::npos) keep("@" + std::string(domain), 1);
  }

  void keep(std::string_view address, std::size_t steps) {
    candidates_.emplace(std::string(address), steps);
  }

  std::string asked_;
  StepsTo steps_to_;
  std::string local_part_;
  std::string domain_;
  std::string at_any_domain_;  // "juan@"; "": a domain was not asked
  bool word_ = false;          // a local part was asked
  std::map<std::string, std::size_t, std::less<>> candidates_;  // to steps
};

NearAddresses nearest_first(const std::map<std::string, std::size_t, std::less<>>& candidates,
                            CutBy cut) {
  NearAddresses out;
  out.cut = cut;
  for (const auto& [value, steps] : candidates) out.addresses.push_back({value, steps});
  std::ranges::stable_sort(out.addresses, {}, &NearAddress::steps);
  return out;
}

// "mx.electrica.exmaple" for "electrica.example": what stands behind any of its dots may be meant.
void offer_host(std::string_view host, const std::string& asked,
                std::map<std::string, std::size_t, std::less<>>& candidates) {
  for (auto rest = host;;) {
    const auto steps = edit_distance(rest, asked, steps_max(asked));
    if (steps > 0 && steps <= steps_max(asked)) candidates.emplace(std::string(rest), steps);
    const auto dot = rest.find('.');
    const bool is_word = asked.find('.') == std::string::npos && rest.substr(0, dot) == asked;
    if (is_word && rest.size() > asked.size()) candidates.emplace(std::string(rest), 1);
    if (dot == std::string_view::npos || rest.find('.', dot + 1) == std::string_view::npos) return;
    rest.remove_prefix(dot + 1);
  }
}

}  // namespace

bool is_same_name(std::string_view domain, std::string_view other) {
  if (domain.empty() || other.empty()) return false;
  if (is_below(domain, other) || is_below(other, domain)) return true;
  const auto name = own_name(domain);
  return !name.empty() && name == own_name(other);
}

bool is_near_spelling(std::string_view asked, std::string_view seen) {
  // Strangers try logins by the ten thousand: most are told apart by their letters.
  if (!may_be_within(asked, seen, kStepsMax) &&
      !equal_ignoring_case(split_address(asked).local_part, split_address(seen).local_part))
    return false;
  const auto a = fold_address(asked);
  const auto b = fold_address(seen);
  const auto one = split_address(a);
  const auto two = split_address(b);
  if (a == b || one.domain.empty() || a.find_first_of("*?") != std::string::npos) return false;
  if (one.local_part == two.local_part && is_same_name(one.domain, two.domain)) return true;
  const auto most = one.domain == two.domain ? steps_max(one.local_part) : kStepsMax;
  return edit_distance(a, b, most) <= most;
}

Result<NearAddresses> near_domains(StoreReader& store, const std::string& asked,
                                   const TimeRange& range, const QueryLimits& limits) {
  std::map<std::string, std::size_t, std::less<>> candidates;
  const auto done =
      store.for_each_address(range, limits, [&](std::string_view address, std::size_t /*same*/) {
        const auto domain = split_address(address).domain;
        if (domain.empty() || domain == asked || candidates.size() >= kCandidatesMax ||
            candidates.contains(domain))
          return kSeeAll;
        const auto steps = edit_distance(domain, asked, steps_max(asked));
        if (steps <= steps_max(asked)) {
          candidates.emplace(std::string(domain), steps);
        } else if (is_same_name(asked, domain)) {
          candidates.emplace(std::string(domain), kSameNameSteps);
        }
        return kSeeAll;
      });
  if (!done) return done.error();
  return nearest_first(candidates, done->cut);
}

Result<NearAddresses> near_hosts(StoreReader& store, const std::string& asked,
                                 const TimeRange& range, const QueryLimits& limits) {
  std::map<std::string, std::size_t, std::less<>> candidates;
  const auto word = ascii_lower(asked);
  const auto done = store.for_each_host(range, limits, [&](std::string_view host) {
    if (candidates.size() < kCandidatesMax) offer_host(ascii_lower(host), word, candidates);
  });
  if (!done) return done.error();
  return nearest_first(candidates, *done);
}

Result<NearAddresses> near_addresses(StoreReader& store, const AddressPattern& asked,
                                     const TimeRange& range, const QueryLimits& limits) {
  Nearest nearest(asked);
  const auto done = store.for_each_address(
      range, limits,
      [&](std::string_view address, std::size_t same) { return nearest.offer(address, same); });
  if (!done) return done.error();
  return nearest_first(nearest.candidates(), done->cut);
}

}  // namespace rastro
