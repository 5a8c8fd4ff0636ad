#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/result.h"

namespace boost::asio {
class io_context;
}

namespace rastro {

// Calls `on_change` soon after something in a watched directory changed: a hint to poll, no more.
// Events may be missing (network file systems, a full kernel queue), so poll every 250 ms as well.
// At most 50 calls a second, however much is written.
//
// Threads: the one that runs `context`. `context` is borrowed. After the destructor no call comes.
class DirectoryWatcher {
 public:
  DirectoryWatcher(boost::asio::io_context& context, std::function<void()> on_change);
  ~DirectoryWatcher();
  DirectoryWatcher(const DirectoryWatcher&) = delete;
  DirectoryWatcher& operator=(const DirectoryWatcher&) = delete;

  // Watching one twice is harmless. Errors: unavailable, not_found, limit (inotify watches).
  Result<void> watch(const std::string& directory);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace rastro
