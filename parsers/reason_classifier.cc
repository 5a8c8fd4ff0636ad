#include "parsers/reason_classifier.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>

#include "parsers/pattern_needs.h"
#include "parsers/reply_mask.h"
#include "parsers/scan.h"

namespace rastro {
namespace {

constexpr std::size_t kPatternBytesMax = 2000;

// Measured on replies that neither the rules nor the words had seen (docs/reasons.md).
constexpr int kVagueRulePoints = 5 * ReasonWords::kPointsPerNat / 2;
constexpr int kCodesPoints = ReasonWords::kPointsPerNat;
constexpr double kLikelihoodMin = 0.3;  // where no text rule says the same

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
// bytes are compared. Long ones stand under more bytes than short ones, because many phrases of
// replies begin with the same word.
class LiteralFinder {
 public:
  static constexpr std::size_t kLiteralBytesMin = PatternNeeds::kLiteralBytesMin;

  explicit LiteralFinder(std::vector<std::string> literals) : literals_(std::move(literals)) {
    for (const auto& literal : literals_) {
      const auto bit = mark_of(literal.data());
      marks_[bit / 64] |= 1ULL << (bit % 64);
    }
    short_.fill(literals_, kWordPrefix);
    words_.fill(literals_, kPhrasePrefix);
    phrases_.fill(literals_, std::string::npos);
  }

  // Calls `found` with the number of each that occurs, as often as it does.
  template <typename Function>
  void find(std::string_view text, Function&& found) const {
    for (std::size_t at = 0; at + kLiteralBytesMin <= text.size(); ++at) {
      const auto bit = mark_of(text.data() + at);
      if ((marks_[bit / 64] >> (bit % 64) & 1) == 0) continue;  // none begins so
      const auto rest = text.substr(at);
      const Beginning here(rest);
      short_.find(literals_, rest, here, found);
      if (rest.size() >= kWordPrefix) words_.find(literals_, rest, here, found);
      if (rest.size() >= kPhrasePrefix) phrases_.find(literals_, rest, here, found);
    }
  }

 private:
  static constexpr std::size_t kWordPrefix = 6;
  static constexpr std::size_t kPhrasePrefix = 13;
  static constexpr std::size_t kWord = sizeof(std::uint64_t);

  static std::uint64_t mask_of(std::size_t bytes) {
    return bytes >= kWord ? ~0ULL : (1ULL << (8 * bytes)) - 1;
  }

  // The first sixteen bytes, zeroes behind the end of the text.
  struct Beginning {
    std::uint64_t first = 0;
    std::uint64_t second = 0;

    explicit Beginning(std::string_view text) {
      std::array<char, 2 * kWord> bytes{};
      if (text.size() >= bytes.size()) {
        std::memcpy(bytes.data(), text.data(), bytes.size());
      } else {
        std::memcpy(bytes.data(), text.data(), text.size());
      }
      std::memcpy(&first, bytes.data(), kWord);
      std::memcpy(&second, bytes.data() + kWord, kWord);
    }
    template <std::size_t kBytes>
    std::uint64_t mixed() const {
      constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15ULL;
      const auto begin = (first & mask_of(kBytes)) * kOdd;
      if constexpr (kBytes <= kWord) return begin;
      return ((begin >> 32) ^ begin ^ (second & mask_of(kBytes - kWord))) * kOdd;
    }
  };

  // A number of few bits for the first three bytes.
  static std::size_t mark_of(const char* at) {
    static_assert(kLiteralBytesMin == 3);
    const auto byte = [at](int i) { return std::uint32_t{static_cast<unsigned char>(at[i])}; };
    return ((byte(0) | byte(1) << 8 | byte(2) << 16) * 0x9e3779b1U) >> (32 - kMarkBits);
  }

  // Literals by their first kPrefix bytes: those of one bucket stand next to each other.
  template <std::size_t kPrefix>
  class Table {
   public:
    // Takes those that are shorter than `end`.
    void fill(const std::vector<std::string>& literals, std::size_t end) {
      std::vector<std::pair<std::size_t, std::uint32_t>> sorted;
      for (std::size_t i = 0; i < literals.size(); ++i) {
        if (literals[i].size() < kPrefix || literals[i].size() >= end) continue;
        const auto mixed = Beginning(literals[i]).template mixed<kPrefix>();
        sorted.emplace_back(mixed >> (64 - kBucketBits), static_cast<std::uint32_t>(i));
        seen_[mixed >> (64 - kSeenBits + 6)] |= 1ULL << (mixed >> (64 - kSeenBits) & 63);
      }
      std::ranges::sort(sorted);
      for (const auto& [bucket, literal] : sorted) {
        ++begins_[bucket + 1];
        const auto& text = literals[literal];
        entries_.push_back({Beginning(text).first, mask_of(text.size()), literal});
      }
      for (std::size_t i = 1; i < begins_.size(); ++i) begins_[i] += begins_[i - 1];
    }
    template <typename Function>
    void find(const std::vector<std::string>& literals, std::string_view text,
              const Beginning& here, Function& found) const {
      const auto mixed = here.template mixed<kPrefix>();
      if ((seen_[mixed >> (64 - kSeenBits + 6)] >> (mixed >> (64 - kSeenBits) & 63) & 1) == 0)
        return;
      const auto bucket = mixed >> (64 - kBucketBits);
      for (auto i = begins_[bucket]; i < begins_[bucket + 1]; ++i) {
        const auto& entry = entries_[i];
        if (((here.first ^ entry.first) & entry.mask) != 0) continue;
        const auto& literal = literals[entry.literal];
        if (literal.size() <= kWord || (text.size() >= literal.size() &&
                                        std::memcmp(text.data() + kWord, literal.data() + kWord,
                                                    literal.size() - kWord) == 0)) {
          found(entry.literal);
        }
      }
    }

   private:
    static constexpr int kBucketBits = 13;
    static constexpr int kSeenBits = 16;
    struct Entry {
      std::uint64_t first = 0;  // bytes of the literal, as many as `mask` says
      std::uint64_t mask = 0;
      std::uint32_t literal = 0;
    };
    // A bit for each beginning, finer than the buckets: most positions of a text need no more.
    std::array<std::uint64_t, (1U << kSeenBits) / 64> seen_{};
    std::array<std::uint32_t, (1U << kBucketBits) + 1> begins_{};
    std::vector<Entry> entries_;
  };

  static constexpr int kMarkBits = 15;
  std::array<std::uint64_t, (1U << kMarkBits) / 64> marks_{};
  std::vector<std::string> literals_;
  Table<kLiteralBytesMin> short_;
  Table<kWordPrefix> words_;
  Table<kPhrasePrefix> phrases_;
};

// Few patterns can be found in any one reply: only those whose literal words occur in it are asked.
// One automaton of all of them costs milliseconds for each new wording.
struct ReasonRules::Patterns {
  struct Pattern {
    Pattern(const std::string& pattern, std::size_t of_rule) : text(pattern), rule(of_rule) {}
    // Compiled when first asked for: a thousand patterns take longer than a small log.
    const RE2& regexp() const {
      std::call_once(once_, [this] { compiled_ = std::make_unique<RE2>(text, pattern_options()); });
      return *compiled_;
    }

    const std::string& text;  // the rule's
    std::size_t rule = 0;
    std::uint8_t clauses = 0;  // a bit for each
    bool enough = false;       // the clauses are all that there is to it

   private:
    mutable std::once_flag once_;
    mutable std::unique_ptr<RE2> compiled_;
  };
  // What it means that a literal occurs.
  struct Meaning {
    std::uint32_t pattern = 0;
    std::uint8_t clause = 0;  // its bit
  };
  static constexpr std::size_t kCandidatesLikely = 60;
  std::deque<Pattern> patterns;
  std::vector<std::uint32_t> always;  // patterns without clauses
  std::unique_ptr<LiteralFinder> literals;
  std::vector<std::uint32_t> begins;  // in `meanings`, by literal; one more at the end
  std::vector<Meaning> meanings;

  void prepare() {
    struct Said {
      std::string literal;
      Meaning means;
    };
    std::vector<Said> said;
    for (std::size_t i = 0; i < patterns.size(); ++i) {
      auto needs = needs_of(patterns[i].text);
      patterns[i].enough = needs.enough;
      if (needs.clauses.empty()) always.push_back(static_cast<std::uint32_t>(i));
      for (std::size_t clause = 0; clause < needs.clauses.size(); ++clause) {
        const auto bit = static_cast<std::uint8_t>(1U << clause);
        patterns[i].clauses |= bit;
        for (auto& literal : needs.clauses[clause]) {
          said.push_back({std::move(literal), {static_cast<std::uint32_t>(i), bit}});
        }
      }
    }
    std::ranges::stable_sort(said, {}, &Said::literal);
    std::vector<std::string> texts;
    for (auto& [literal, means] : said) {
      if (texts.empty() || texts.back() != literal) {
        texts.push_back(std::move(literal));
        begins.push_back(static_cast<std::uint32_t>(meanings.size()));
      }
      meanings.push_back(means);
    }
    begins.push_back(static_cast<std::uint32_t>(meanings.size()));
    literals = std::make_unique<LiteralFinder>(std::move(texts));
  }

  // The numbers of the patterns that may be found, in order.
  std::vector<std::uint32_t> candidates(std::string_view text) const {
    std::vector<std::uint32_t> out;
    out.reserve(always.size() + kCandidatesLikely);
    out = always;
    std::vector<std::uint8_t> met(patterns.size());
    literals->find(text, [&](std::uint32_t literal) {
      for (auto i = begins[literal]; i < begins[literal + 1]; ++i) {
        const auto [pattern, clause] = meanings[i];
        if ((met[pattern] & clause) != 0) continue;
        met[pattern] |= clause;
        if (met[pattern] == patterns[pattern].clauses) out.push_back(pattern);
      }
    });
    std::ranges::sort(out);
    return out;
  }
};

ReasonRules::ReasonRules(std::vector<ReasonRule> rules, std::shared_ptr<const ReasonWords> words)
    : rules_(std::move(rules)), words_(std::move(words)), patterns_(std::make_unique<Patterns>()) {}
ReasonRules::~ReasonRules() = default;

std::shared_ptr<const ReasonRules> ReasonRules::trust(std::vector<ReasonRule> rules,
                                                      std::shared_ptr<const ReasonWords> words) {
  std::shared_ptr<ReasonRules> out(new ReasonRules(std::move(rules), std::move(words)));
  auto& patterns = *out->patterns_;
  for (std::size_t i = 0; i < out->rules_.size(); ++i) {
    if (out->rules_[i].patterns.empty()) out->code_rules_.push_back(i);
    for (const auto& pattern : out->rules_[i].patterns) patterns.patterns.emplace_back(pattern, i);
  }
  patterns.prepare();
  return out;
}

Result<std::shared_ptr<const ReasonRules>> ReasonRules::compile(
    std::vector<ReasonRule> rules, std::shared_ptr<const ReasonWords> words) {
  std::string problems;
  const auto refuse = [&](const ReasonRule& rule, std::string_view pattern, std::string_view why) {
    if (!problems.empty()) problems += '\n';
    problems.append(place(rule)).append("rule ").append(rule.name).append(": pattern \"");
    problems.append(pattern).append("\": ").append(why);
  };
  const auto options = pattern_options();
  for (const auto& rule : rules) {
    for (const auto& pattern : rule.patterns) {
      if (pattern.size() > kPatternBytesMax) {
        refuse(rule, pattern, "longer than " + std::to_string(kPatternBytesMax) + " bytes");
        continue;
      }
      const RE2 regexp(pattern, options);
      if (!regexp.ok()) {
        refuse(rule, pattern, regexp.error());
      } else if (RE2::PartialMatch("", regexp)) {
        refuse(rule, pattern, "would be found in every reply");
      }
    }
  }
  if (!problems.empty()) return make_error(Error::Code::invalid, problems);
  return trust(std::move(rules), std::move(words));
}

const ReasonRule* ReasonRules::by_text(const ReasonDecision& asked,
                                       std::string_view rule_text) const {
  // Patterns are numbered in the rules' order: the first that is found decides.
  const re2::StringPiece text(rule_text.data(), rule_text.size());
  for (const auto number : patterns_->candidates(rule_text)) {
    const auto& pattern = patterns_->patterns[number];
    const auto& rule = rules_[pattern.rule];
    if (!agree(rule, asked)) continue;
    if (pattern.enough || RE2::PartialMatch(text, pattern.regexp())) return &rule;
  }
  return nullptr;
}

const ReasonRule* ReasonRules::by_codes(const ReasonDecision& asked) const {
  for (const auto number : code_rules_) {
    if (agree(rules_[number], asked)) return &rules_[number];
  }
  return nullptr;
}

ReasonDecision ReasonRules::decide(std::optional<EnhancedStatus> enhanced_status,
                                   std::uint16_t reply_code, std::string_view text) const {
  const MaskedReply masked(text);
  auto out = decide_masked(enhanced_status, reply_code, masked.text());
  out.masked = masked.text();
  if (out.by_words) {
    out.words = words_->heard_for(out.reason, rule_text(masked.text()), out.reply_code,
                                  out.enhanced_status);
  }
  return out;
}

void ReasonRules::weigh_words(std::string_view rule_text, ReasonDecision& out) const {
  // Where in the dialogue it was refused says little, like the codes.
  const bool by_text = out.rule != nullptr && !out.rule->patterns.empty() && !out.rule->guess;
  const auto leaning = out.rule == nullptr ? std::nullopt : std::optional(out.rule->reason);
  const auto opinion = words_->weigh(rule_text, out.reply_code, out.enhanced_status, leaning,
                                     by_text ? kVagueRulePoints : kCodesPoints);
  if (!opinion || opinion->reason == leaning || opinion->reason == Reason::other) return;
  if (!by_text && opinion->likelihood < kLikelihoodMin) return;
  out.reason = opinion->reason;
  out.rule = nullptr;
  out.by_words = true;
}

ReasonDecision ReasonRules::decide_masked(std::optional<EnhancedStatus> enhanced_status,
                                          std::uint16_t reply_code, std::string_view masked) const {
  ReasonDecision out;
  out.reply_code = reply_code;
  out.enhanced_status = enhanced_status;
  read_codes(masked, out);
  const auto text = rule_text(masked);
  out.rule = by_text(out, text);
  const bool settled = out.rule != nullptr && !out.rule->vague;
  if (out.rule == nullptr) out.rule = by_codes(out);
  if (out.rule != nullptr) {
    out.reason = out.rule->reason;
  } else if (!masked.empty() || out.reply_code != 0 || out.enhanced_status) {
    out.reason = Reason::other;
  }
  if (words_ && !settled) weigh_words(text, out);
  return out;
}

ReasonClassifier::ReasonClassifier(std::shared_ptr<const ReasonRules> rules, std::uint64_t seed,
                                   std::size_t sets)
    : rules_(std::move(rules)), hash_(seed), sets_(sets), entries_(sets * kWays) {}

ReasonClassifier::Judged ReasonClassifier::judge(std::optional<EnhancedStatus> enhanced_status,
                                                 std::uint16_t reply_code, std::string_view text) {
  const MaskedReply masked(text);
  const std::uint64_t status = enhanced_status
                                   ? 1U + enhanced_status->klass +
                                         (std::uint64_t{enhanced_status->subject} << 8) +
                                         (std::uint64_t{enhanced_status->detail} << 24)
                                   : 0;
  const auto key = hash_(masked.text(), (status << 16) + reply_code);
  Entry* const set = &entries_[(key % sets_) * kWays];
  auto* const end = set + kWays;
  auto* found = std::find_if(set, end, [key](const Entry& entry) {
    return entry.key == key && entry.judged.reason != Reason::none;
  });
  if (found != end) {
    ++counters_.hits;
  } else {
    ++counters_.misses;
    const auto decision = rules_->decide_masked(enhanced_status, reply_code, masked.text());
    found = end - 1;
    counters_.evicted += found->judged.reason == Reason::none ? 0 : 1;
    *found = {key, {decision.reason, decision.is_guess()}};
    std::rotate(set, found, end);
    found = set;
  }
  if (found->judged.reason == Reason::other && on_unknown_) on_unknown_(key, masked.text());
  return found->judged;
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
