#include "store/key_filter.h"

#include <algorithm>

#include "store/postings.h"

namespace rastro {
namespace {

constexpr std::size_t kKeysPerWord = 12;

}  // namespace

KeyFilter::KeyFilter(const std::vector<std::uint32_t>& keys)
    : words_(std::max<std::size_t>(1, keys.size() / kKeysPerWord)) {
  for (const auto key : keys) words_[word_of(key)] |= bits_of(key);
}

std::optional<KeyFilter> read_key_filter(Database& database) {
  std::vector<std::uint32_t> keys;
  auto segment =
      database.prepare("SELECT first_posting, postings FROM segment ORDER BY first_posting");
  while (segment.step()) {
    if (!append_keys(static_cast<Posting>(segment.column_int(0)), segment.column_bytes(1), keys))
      return std::nullopt;
  }
  if (!database.ok()) return std::nullopt;
  return KeyFilter(keys);
}

}  // namespace rastro
