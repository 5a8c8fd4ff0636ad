#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/enhanced_status.h"
#include "core/reason.h"
#include "core/result.h"

namespace rastro {

// What speaks for one reason or another in a reply that no exact phrase settles: its words, by
// their first letters, the reply code and the enhanced status. Each has points for and against
// reasons, learned from labelled replies (config/reason_words.tsv, tests/replies/learn_words.cc).
//
// Immutable, any thread may ask; an answer takes about a microsecond.
class ReasonWords {
 public:
  // Points are sixteenths of a natural logarithm: sixteen more make a reason 2.7 times as likely.
  static constexpr int kPointsPerNat = 16;

  // Error::invalid: the first line that is not of the form.
  static Result<std::shared_ptr<const ReasonWords>> parse(std::string_view table);

  struct Opinion {
    Reason reason = Reason::other;
    double likelihood = 0;  // 0 to 1; 1 where it is the leaning
  };
  // Of a text in the form of rule_text(). `leaning` gets `points` in advance: the reason that a
  // vague rule or the codes give. Nothing: not one word is known.
  std::optional<Opinion> weigh(std::string_view rule_text, std::uint16_t reply_code,
                               std::optional<EnhancedStatus> enhanced_status,
                               std::optional<Reason> leaning, int points) const;
  // The words that spoke most for `reason`, the strongest first, as the table has them.
  std::vector<std::string> heard_for(Reason reason, std::string_view rule_text,
                                     std::uint16_t reply_code,
                                     std::optional<EnhancedStatus> enhanced_status) const;

  // Words, then codes ("550", "5xx", ".7.1"), each as often as it occurs. At most kWordBytesMax.
  static constexpr std::size_t kWordBytesMax = 8;
  using OnWord = std::function<void(std::string_view)>;
  static void words_of(std::string_view rule_text, const OnWord& told);
  static void codes_of(std::uint16_t reply_code, std::optional<EnhancedStatus> enhanced_status,
                       const OnWord& told);

 private:
  // Sixteen bits: so many words of a reply count that no sum runs over.
  using Points = std::array<std::int16_t, kReasonCount>;
  static constexpr std::size_t kHeardMax = 200;
  static constexpr std::size_t kWordsMax = 4096;
  struct Word {
    std::uint64_t key = 0;  // its bytes
    Points points{};
  };

  ReasonWords() = default;
  template <typename Function>
  static void each_word(std::string_view rule_text, Function&& told);
  template <typename Function>
  static void each_code(std::uint16_t reply_code, std::optional<EnhancedStatus> enhanced_status,
                        Function&& told);
  std::optional<std::string> add(std::string_view word, const Points& points);
  void index();
  const Word* find(std::string_view word) const;

  std::vector<Word> words_;
  std::vector<std::uint16_t> slots_;  // by hash: number in words_ plus one, 0 is free
  Points start_{};                    // before any word
  std::array<bool, kReasonCount> known_{};
};

}  // namespace rastro
