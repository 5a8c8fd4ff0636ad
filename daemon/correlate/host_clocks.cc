#include "daemon/correlate/host_clocks.h"

#include <algorithm>

namespace rastro {

void HostClocks::saw(std::string_view host, Time at) {
  ++lines_;
  if (last_ == clocks_.end() || last_->first != host) {
    last_ = clocks_.find(host);
    if (last_ == clocks_.end()) {
      if (clocks_.size() >= kHostsMax) return;
      last_ = clocks_.emplace(host, Clock{}).first;
    }
  }
  auto& clock = last_->second;
  clock.newest = std::max(clock.newest, at);
  clock.line = lines_;
}

Time HostClocks::slowest() {
  if (std::erase_if(clocks_, [&](const auto& entry) {
        return entry.second.line + kSilentAfterLines < lines_;
      }) > 0) {
    last_ = clocks_.end();
  }
  if (clocks_.empty()) return Time{};
  const auto newest = [](const auto& entry) { return entry.second.newest; };
  return std::ranges::min_element(clocks_, {}, newest)->second.newest;
}

}  // namespace rastro
