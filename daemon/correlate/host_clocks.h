#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/clock.h"

namespace rastro {

// How far each host's log has come. The logs of several hosts are read side by side, one of them
// hours behind at first start: what may still come is a matter of the slowest one.
// Threads: the ingest thread only.
class HostClocks {
 public:
  // A host with no line among this many is silent, and holds nothing up.
  static constexpr std::uint64_t kSilentAfterLines = 65'536;
  // Of names that strangers may have made up (RFC 3164 over a network); later ones have no clock.
  static constexpr std::size_t kHostsMax = 4096;

  void saw(std::string_view host, Time at);
  // The newest stamp of the host that is furthest behind; the epoch when there is none.
  Time slowest();

 private:
  struct Clock {
    Time newest{};
    std::uint64_t line = 0;  // its last one
  };
  using Clocks = std::map<std::string, Clock, std::less<>>;

  Clocks clocks_;
  Clocks::iterator last_ = clocks_.end();
  std::uint64_t lines_ = 0;
};

}  // namespace rastro
