#include "parsers/reason_classifier.h"

#include <re2/filtered_re2.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "parsers/reply_mask.h"
#include "parsers/scan.h"

namespace rastro {
namespace {

constexpr std::size_t kPatternBytesMax = 2000;

RE2::Options pattern_options() {
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);  // replies are bytes of any charset
  options.set_case_sensitive(false);
  options.set_never_capture(true);
  options.set_log_errors(false);
  options.set_max_mem(ReasonRules::kPatternMemoryMax);
  return options;
}

std::string place(const ReasonRule& rule) {
  return rule.line == 0 ? "" : std::to_string(rule.line) + ":" + std::to_string(rule.column) + ": ";
}

// "550 5.1.1 ..." at the start or behind an MTA's own words.
void read_codes(std::string_view text, ReasonDecision& out) {
  for (std::size_t at = 0; at + 3 <= text.size();) {
    const auto codes = reply_codes_of(text.substr(at));
    if (codes.code >= 400) {
      if (out.reply_code == 0) out.reply_code = codes.code;
      const bool silent = !out.enhanced_status ||
                          (out.enhanced_status->subject == 0 && out.enhanced_status->detail == 0);
      if (silent && codes.enhanced_status) out.enhanced_status = codes.enhanced_status;
      break;
    }
    const auto blank = text.find(' ', at);
    if (blank == std::string_view::npos) break;
    at = blank + 1;
  }
  if (out.enhanced_status) return;
  const auto hash = text.find('#');  // qmail: "(#5.1.1)"
  for (const auto at : {std::size_t{0}, hash == std::string_view::npos ? 0 : hash + 1}) {
    auto rest = text.substr(at);
    if (out.enhanced_status = maybe_take_enhanced_status(rest); out.enhanced_status) return;
  }
}

bool agree(const ReasonRule& rule, const ReasonDecision& asked) {
  if (rule.code && *rule.code != asked.reply_code) return false;
  if (rule.without_code && asked.reply_code != 0) return false;
  const auto& status = asked.enhanced_status;
  if (rule.klass) {
    const int klass = status ? status->klass : asked.reply_code / 100;
    if (klass != *rule.klass) return false;
  }
  if (!rule.status) return true;
  if (!status) return false;
  const auto& want = *rule.status;
  return (!want.klass || *want.klass == status->klass) &&
         (!want.subject || *want.subject == status->subject) &&
         (!want.detail || *want.detail == status->detail);
}

}  // namespace

// Finds which of many literals occur in a text: at every position the few that begin with the same
// bytes are compared. Long ones stand under more bytes than short ones, because many words of
// replies begin alike.
class LiteralFinder {
 public:
  static constexpr std::size_t kLiteralBytesMin = 3;

  explicit LiteralFinder(std::vector<std::string> literals) : literals_(std::move(literals)) {
    short_.fill(literals_, [](const std::string& text) { return text.size() < kLongPrefix; });
    long_.fill(literals_, [](const std::string& text) { return text.size() >= kLongPrefix; });
  }

  // The numbers of those that occur, each once, in order.
  std::vector<int> find(std::string_view text) const {
    std::vector<int> found;
    for (std::size_t at = 0; at + kLiteralBytesMin <= text.size(); ++at) {
      const auto rest = text.substr(at);
      const auto here = first_bytes(rest);
      short_.find(literals_, rest, here, found);
      if (rest.size() >= kLongPrefix) long_.find(literals_, rest, here, found);
    }
    std::ranges::sort(found);
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
  }

 private:
  static constexpr std::size_t kLongPrefix = 6;

  // The first eight bytes, fewer at the end of the text.
  static std::uint64_t first_bytes(std::string_view text) {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, text.data(), std::min(text.size(), sizeof bytes));
    return bytes;
  }

  // Literals by their first kPrefix bytes: those of one bucket stand next to each other.
  template <std::size_t kPrefix>
  class Table {
   public:
    template <typename Filter>
    void fill(const std::vector<std::string>& literals, Filter&& takes) {
      std::vector<std::pair<std::size_t, int>> sorted;
      for (std::size_t i = 0; i < literals.size(); ++i) {
        if (!takes(literals[i])) continue;
        sorted.emplace_back(bucket_of(first_bytes(literals[i])), static_cast<int>(i));
      }
      std::ranges::sort(sorted);
      for (const auto& [bucket, literal] : sorted) {
        ++begins_[bucket + 1];
        numbers_.push_back(literal);
      }
      for (std::size_t i = 1; i < begins_.size(); ++i) begins_[i] += begins_[i - 1];
    }
    void find(const std::vector<std::string>& literals, std::string_view text, std::uint64_t first,
              std::vector<int>& found) const {
      const auto bucket = bucket_of(first);
      for (auto i = begins_[bucket]; i < begins_[bucket + 1]; ++i) {
        const auto literal = numbers_[i];
        if (text.starts_with(literals[static_cast<std::size_t>(literal)])) found.push_back(literal);
      }
    }

   private:
    static constexpr int kBucketBits = 13;
    static std::size_t bucket_of(std::uint64_t first) {
      const auto prefix = first & ((1ULL << (8 * kPrefix)) - 1);
      return (prefix * 0x9e3779b97f4a7c15ULL) >> (64 - kBucketBits);
    }
    std::array<std::uint32_t, (1U << kBucketBits) + 1> begins_{};
    std::vector<int> numbers_;
  };

  std::vector<std::string> literals_;
  Table<kLiteralBytesMin> short_;
  Table<kLongPrefix> long_;
};

// Few patterns can be found in any one reply: only those whose literal words occur in it are asked.
// One automaton of all of them costs milliseconds for each new wording.
struct ReasonRules::Patterns {
  re2::FilteredRE2 filtered{static_cast<int>(LiteralFinder::kLiteralBytesMin)};
  std::unique_ptr<LiteralFinder> literals;
  std::vector<std::size_t> rule_of;  // by the pattern's number

  // The numbers of the patterns that may be found, in order.
  std::vector<int> candidates(std::string_view text) const {
    std::vector<int> out;
    if (rule_of.empty()) return out;
    filtered.AllPotentials(literals->find(text), &out);
    std::ranges::sort(out);
    return out;
  }
};

ReasonRules::ReasonRules(std::vector<ReasonRule> rules)
    : rules_(std::move(rules)), patterns_(std::make_unique<Patterns>()) {}
ReasonRules::~ReasonRules() = default;

Result<std::shared_ptr<const ReasonRules>> ReasonRules::compile(std::vector<ReasonRule> rules) {
  std::shared_ptr<ReasonRules> out(new ReasonRules(std::move(rules)));
  auto& patterns = *out->patterns_;
  const auto options = pattern_options();
  std::string problems;
  const auto refuse = [&](const ReasonRule& rule, std::string_view pattern, std::string_view why) {
    if (!problems.empty()) problems += '\n';
    problems.append(place(rule)).append("rule ").append(rule.name).append(": pattern \"");
    problems.append(pattern).append("\": ").append(why);
  };
  for (std::size_t i = 0; i < out->rules_.size(); ++i) {
    const auto& rule = out->rules_[i];
    for (const auto& pattern : rule.patterns) {
      int number = 0;
      if (pattern.size() > kPatternBytesMax) {
        refuse(rule, pattern, "longer than " + std::to_string(kPatternBytesMax) + " bytes");
      } else if (patterns.filtered.Add(pattern, options, &number) != RE2::NoError) {
        refuse(rule, pattern, RE2(pattern, options).error());
      } else if (RE2::PartialMatch("", patterns.filtered.GetRE2(number))) {
        refuse(rule, pattern, "would be found in every reply");
      } else {
        patterns.rule_of.push_back(i);
      }
    }
  }
  if (!problems.empty()) return make_error(Error::Code::invalid, problems);
  std::vector<std::string> literals;
  if (!patterns.rule_of.empty()) patterns.filtered.Compile(&literals);
  patterns.literals = std::make_unique<LiteralFinder>(std::move(literals));
  return std::shared_ptr<const ReasonRules>(std::move(out));
}

const ReasonRule* ReasonRules::by_text(const ReasonDecision& asked,
                                       std::string_view rule_text) const {
  // Patterns are numbered in the rules' order: the first that is found decides.
  for (const auto pattern : patterns_->candidates(rule_text)) {
    const auto& rule = rules_[patterns_->rule_of[static_cast<std::size_t>(pattern)]];
    if (agree(rule, asked) && RE2::PartialMatch({rule_text.data(), rule_text.size()},
                                                patterns_->filtered.GetRE2(pattern))) {
      return &rule;
    }
  }
  return nullptr;
}

const ReasonRule* ReasonRules::by_codes(const ReasonDecision& asked) const {
  const auto decides = [&](const ReasonRule& rule) {
    return rule.patterns.empty() && agree(rule, asked);
  };
  const auto found = std::ranges::find_if(rules_, decides);
  return found == rules_.end() ? nullptr : &*found;
}

ReasonDecision ReasonRules::decide(std::optional<EnhancedStatus> enhanced_status,
                                   std::uint16_t reply_code, std::string_view text) const {
  ReasonDecision out;
  out.reply_code = reply_code;
  out.enhanced_status = enhanced_status;
  const MaskedReply masked(text);
  out.masked = masked.text();
  read_codes(masked.text(), out);
  out.rule = by_text(out, rule_text(masked.text()));
  if (out.rule == nullptr) out.rule = by_codes(out);
  if (out.rule != nullptr) {
    out.reason = out.rule->reason;
  } else if (!text.empty() || out.reply_code != 0 || out.enhanced_status) {
    out.reason = Reason::other;
  }
  return out;
}

ReasonClassifier::ReasonClassifier(std::shared_ptr<const ReasonRules> rules, std::uint64_t seed)
    : rules_(std::move(rules)), hash_(seed), entries_(kSets * kWays) {}

Reason ReasonClassifier::classify(std::optional<EnhancedStatus> enhanced_status,
                                  std::uint16_t reply_code, std::string_view text) {
  const MaskedReply masked(text);
  const std::uint64_t status = enhanced_status
                                   ? 1U + enhanced_status->klass +
                                         (std::uint64_t{enhanced_status->subject} << 8) +
                                         (std::uint64_t{enhanced_status->detail} << 24)
                                   : 0;
  const auto key = hash_(masked.text(), (status << 16) + reply_code);
  Entry* const set = &entries_[(key % kSets) * kWays];
  auto* const end = set + kWays;
  auto* found = std::find_if(set, end, [key](const Entry& entry) {
    return entry.key == key && entry.reason != Reason::none;
  });
  if (found != end) {
    ++counters_.hits;
  } else {
    ++counters_.misses;
    const auto decision = rules_->decide(enhanced_status, reply_code, text);
    found = end - 1;
    counters_.evicted += found->reason == Reason::none ? 0 : 1;
    *found = {key, decision.reason};
    std::rotate(set, found, end);
    found = set;
  }
  if (found->reason == Reason::other && on_unknown_) on_unknown_(key, masked.text());
  return found->reason;
}

std::string check_samples(const ReasonRules& rules) {
  std::string out;
  for (const auto& rule : rules.rules()) {
    for (const auto& sample : rule.samples) {
      const auto decision = rules.decide(std::nullopt, 0, sample);
      if (decision.rule == &rule) continue;
      if (!out.empty()) out += '\n';
      out += place(rule) + "rule " + rule.name + " does not decide its sample \"" + sample +
             "\": " + (decision.rule == nullptr ? "no rule does" : decision.rule->name + " does");
    }
  }
  return out;
}

}  // namespace rastro
