#include "daemon/answer/unknown_replies.h"

#include <algorithm>
#include <tuple>

namespace rastro {

void UnknownReplies::count(std::uint64_t key, std::string_view masked) {
  ++total_;
  const auto known = seen_.find(key);
  if (known != seen_.end()) {
    ++known->second.count;
    return;
  }
  std::uint64_t inherited = 0;
  if (seen_.size() >= kTextsMax) {
    const auto rarest =
        std::ranges::min_element(seen_, {}, [](const auto& entry) { return entry.second.count; });
    inherited = rarest->second.count;
    seen_.erase(rarest);
  }
  seen_.emplace(key, Seen{std::string(masked.substr(0, kTextBytesMax)), inherited + 1, inherited});
}

UnknownReplies::List UnknownReplies::most_frequent() const {
  List out;
  out.reserve(seen_.size());
  for (const auto& [key, seen] : seen_) out.push_back(seen);
  std::ranges::sort(out, [](const Seen& a, const Seen& b) {
    return std::tie(b.count, a.masked) < std::tie(a.count, b.masked);
  });
  return out;
}

}  // namespace rastro
