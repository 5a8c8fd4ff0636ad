#include "parsers/reason_classifier.h"

#include <re2/filtered_re2.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <limits>

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

// Finds which of many literals occur in a text: each is looked up by a hash of its first bytes at
// every position.
class LiteralFinder {
 public:
  static constexpr std::size_t kLiteralBytesMin = 3;

  explicit LiteralFinder(std::vector<std::string> literals) : literals_(std::move(literals)) {
    for (std::size_t i = 0; i < literals_.size(); ++i) {
      buckets_[bucket_of(literals_[i].data())].push_back(static_cast<int>(i));
    }
  }

  // The numbers of those that occur, each once, in order.
  std::vector<int> find(std::string_view text) const {
    std::vector<int> found;
    for (std::size_t at = 0; at + kLiteralBytesMin <= text.size(); ++at) {
      for (const int literal : buckets_[bucket_of(text.data() + at)]) {
        if (text.substr(at).starts_with(literals_[static_cast<std::size_t>(literal)])) {
          found.push_back(literal);
        }
      }
    }
    std::ranges::sort(found);
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
  }

 private:
  static constexpr std::size_t kBuckets = 4096;
  static std::size_t bucket_of(const char* bytes) {
    const auto byte = [bytes](int i) {
      return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i]));
    };
    return ((byte(0) * 2654435761U) ^ (byte(1) * 40503U) ^ (byte(2) << 7)) % kBuckets;
  }
  std::vector<std::string> literals_;
  std::array<std::vector<int>, kBuckets> buckets_;
};

// Few patterns can be found in any one reply: only those whose literal words occur in it are asked.
// One automaton of all of them costs milliseconds for each new wording.
struct ReasonRules::Patterns {
  re2::FilteredRE2 filtered{static_cast<int>(LiteralFinder::kLiteralBytesMin)};
  std::unique_ptr<LiteralFinder> literals;
  std::vector<std::size_t> rule_of;  // by the pattern's number

  std::vector<int> find(std::string_view text) const {
    std::vector<int> found;
    if (!rule_of.empty()) {
      filtered.AllMatches({text.data(), text.size()}, literals->find(text), &found);
    }
    return found;
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
  auto best = std::numeric_limits<std::size_t>::max();
  for (const auto pattern : patterns_->find(rule_text)) {
    const auto rule = patterns_->rule_of[static_cast<std::size_t>(pattern)];
    if (rule < best && agree(rules_[rule], asked)) best = rule;
  }
  return best < rules_.size() ? &rules_[best] : nullptr;
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
