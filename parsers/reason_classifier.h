#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/enhanced_status.h"
#include "core/reason.h"
#include "core/reason_rule.h"
#include "core/result.h"
#include "core/seeded_hash.h"
#include "parsers/reason_words.h"

namespace rastro {

// What decided, and what it looked at.
struct ReasonDecision {
  Reason reason = Reason::unknown;
  const ReasonRule* rule = nullptr;  // null: none, or the words; lives as long as the rules
  bool by_words = false;             // the words outweighed what the rule or the codes say
  std::vector<std::string> words;    // which spoke most for it; decide() only
  std::uint16_t reply_code = 0;      // as given, else read from the text
  std::optional<EnhancedStatus> enhanced_status;
  std::string masked;  // what the rules were asked of, as people read it

  // The words of the reply say nothing that a rule knows: its stage, or words here and there, do.
  bool is_guess() const { return by_words || (rule != nullptr && rule->guess); }
};

// Reason rules, compiled. Rules with patterns come first, in their order; the first whose pattern
// is found and whose codes agree decides. If none does, the rules without patterns decide by the
// codes, again in order. A rule that calls itself vague and the codes are a leaning only, which the
// words of the reply may outweigh. Nothing: `other` where there was a text or code, else `unknown`.
//
// Immutable, any thread may ask; a question costs some microseconds, a new wording some tens of
// them. Memory: at most kPatternMemoryMax for each pattern, its states included.
class ReasonRules {
 public:
  static constexpr std::int64_t kPatternMemoryMax = 512LL << 10;

  // Error::invalid names each pattern that RE2 does not take, "line:column: message" a line.
  static Result<std::shared_ptr<const ReasonRules>> compile(
      std::vector<ReasonRule> rules, std::shared_ptr<const ReasonWords> words = nullptr);
  // Of rules that compile() has taken before, or that a test gives to it: those shipped. A pattern
  // costs its compilation when a reply has the words for it, and one that RE2 does not take is
  // never found.
  static std::shared_ptr<const ReasonRules> trust(
      std::vector<ReasonRule> rules, std::shared_ptr<const ReasonWords> words = nullptr);
  ~ReasonRules();
  ReasonRules(const ReasonRules&) = delete;
  ReasonRules& operator=(const ReasonRules&) = delete;

  ReasonDecision decide(std::optional<EnhancedStatus> enhanced_status, std::uint16_t reply_code,
                        std::string_view text) const;
  // The same of a text that is masked already; what it looked at is not told again.
  ReasonDecision decide_masked(std::optional<EnhancedStatus> enhanced_status,
                               std::uint16_t reply_code, std::string_view masked) const;
  const std::vector<ReasonRule>& rules() const { return rules_; }

 private:
  struct Patterns;
  ReasonRules(std::vector<ReasonRule> rules, std::shared_ptr<const ReasonWords> words);
  const ReasonRule* by_text(const ReasonDecision& asked, std::string_view rule_text) const;
  const ReasonRule* by_codes(const ReasonDecision& asked) const;
  void weigh_words(std::string_view rule_text, ReasonDecision& out) const;

  std::vector<ReasonRule> rules_;
  std::vector<std::size_t> code_rules_;       // those without patterns
  std::shared_ptr<const ReasonWords> words_;  // null: rules alone decide
  std::unique_ptr<Patterns> patterns_;
};

struct ReasonCounters {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;   // asked of the rules
  std::uint64_t evicted = 0;  // cached answers that made room
};

// ReasonRules behind a cache keyed by the masked text and the codes. Equal keys are equal masked
// texts but for a collision of 64-bit seeded hashes, so cached and uncached answers agree.
// Fixed size: sets x kWays entries of 16 bytes. One thread.
class ReasonClassifier {
 public:
  // `seed` from a random source: strangers choose the texts.
  ReasonClassifier(std::shared_ptr<const ReasonRules> rules, std::uint64_t seed,
                   std::size_t sets = 4096);

  struct Judged {
    Reason reason = Reason::none;
    bool guess = false;  // ReasonDecision::is_guess()
  };
  Judged judge(std::optional<EnhancedStatus> enhanced_status, std::uint16_t reply_code,
               std::string_view text);
  Reason classify(std::optional<EnhancedStatus> enhanced_status, std::uint16_t reply_code,
                  std::string_view text) {
    return judge(enhanced_status, reply_code, text).reason;
  }
  // Called for each reply that no rule knew, cached or not: its key and the codes and text given.
  using OnUnknown = std::function<void(std::uint64_t key, std::string_view masked)>;
  void on_unknown(OnUnknown told) { on_unknown_ = std::move(told); }
  const ReasonCounters& counters() const { return counters_; }
  const ReasonRules& rules() const { return *rules_; }

 private:
  static constexpr std::size_t kWays = 4;
  struct Entry {
    std::uint64_t key = 0;
    Judged judged;  // Reason::none: empty
  };

  std::shared_ptr<const ReasonRules> rules_;
  SeededHash hash_;
  std::size_t sets_;
  std::vector<Entry> entries_;  // kWays next to each other for each set, the newest first
  OnUnknown on_unknown_;
  ReasonCounters counters_;
};

// For each sample that its own rule does not decide: which rule it was, "line:column: message" a
// line. Empty: all good.
std::string check_samples(const ReasonRules& rules);

}  // namespace rastro
