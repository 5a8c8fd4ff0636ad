#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace rastro {

// Counts the masked replies that no reason rule knew, to tell which rule is missing. Holds at most
// kTextsMax texts: a new one takes the place of the rarest and its count (so a count may be too
// high by what it displaced, never too low). Not thread-safe.
class UnknownReplies {
 public:
  static constexpr std::size_t kTextsMax = 500;
  static constexpr std::size_t kTextBytesMax = 500;

  struct Seen {
    std::string masked;
    std::uint64_t count = 0;
    std::uint64_t count_too_high_by_max = 0;
  };
  using List = std::vector<Seen>;

  // `key`: equal for equal texts.
  void count(std::uint64_t key, std::string_view masked);
  // The most frequent first.
  List most_frequent() const;
  std::uint64_t total() const { return total_; }  // of all counts

 private:
  std::map<std::uint64_t, Seen> seen_;
  std::uint64_t total_ = 0;
};

}  // namespace rastro
