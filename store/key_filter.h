#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "store/sqlite.h"

namespace rastro {

// Which keys a finished hour has postings of, in five bits for each: a question for an address
// or an id passes over the hours that do not know it without touching their files. May say yes for
// a key that is not there (one in twelve or so), never no for one that is.
class KeyFilter {
 public:
  explicit KeyFilter(const std::vector<std::uint32_t>& keys);  // sorted or not
  bool may_hold(std::uint32_t key) const { return (~words_[word_of(key)] & bits_of(key)) == 0; }
  std::size_t bytes() const { return words_.size() * sizeof words_[0]; }

 private:
  std::size_t word_of(std::uint32_t key) const {
    return static_cast<std::size_t>((std::uint64_t{key} * words_.size()) >> 32);
  }
  // The upper bits of a key choose the word, its lower ones the bits.
  static std::uint64_t bits_of(std::uint32_t key) {
    const auto mixed = std::uint64_t{key} * 0x9e3779b97f4a7c15ULL;
    return (std::uint64_t{1} << (mixed >> 58)) | (std::uint64_t{1} << ((mixed >> 52) & 63)) |
           (std::uint64_t{1} << ((mixed >> 46) & 63));
  }
  std::vector<std::uint64_t> words_;
};

// Of all postings of a sealed file. Nothing: its segments are damaged or could not all be read.
std::optional<KeyFilter> read_key_filter(Database& database);

}  // namespace rastro
