#include "daemon/source/directory_watcher.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <system_error>

namespace rastro {

// Shared with the handlers under way, which look at `on_change` being gone.
struct DirectoryWatcher::State : std::enable_shared_from_this<DirectoryWatcher::State> {
  State(boost::asio::io_context& context, std::function<void()> call)
      : events(context), pause(context), on_change(std::move(call)) {}

  void wait() {
    events.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      [self = shared_from_this()](const boost::system::error_code& error) {
                        if (error || !self->on_change) return;
                        self->drain();
                        self->on_change();
                        self->rest();
                      });
  }

  // A busy log has thousands of events a second; what they say is always the same.
  void rest() {
    if (!on_change) return;
    pause.expires_after(std::chrono::milliseconds(20));
    pause.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error && self->on_change) self->wait();
    });
  }

  static constexpr int kReadsMax = 16;

  void drain() {
    alignas(inotify_event) std::array<char, 16384> bytes{};
    // Not until it is empty: where files are written without a pause it never is.
    for (int reads = 0; reads < kReadsMax; ++reads) {
      if (::read(events.native_handle(), bytes.data(), bytes.size()) <= 0) return;
    }
  }

  boost::asio::posix::stream_descriptor events;
  boost::asio::steady_timer pause;
  std::function<void()> on_change;
};

DirectoryWatcher::DirectoryWatcher(boost::asio::io_context& context,
                                   std::function<void()> on_change)
    : state_(std::make_shared<State>(context, std::move(on_change))) {
  const int descriptor = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (descriptor < 0) return;  // watch() says so; polling goes on
  state_->events.assign(descriptor);
  state_->wait();
}

DirectoryWatcher::~DirectoryWatcher() {
  state_->on_change = nullptr;
  boost::system::error_code ignored;
  state_->events.close(ignored);
  state_->pause.cancel();
}

Result<void> DirectoryWatcher::watch(const std::string& directory) {
  if (!state_->events.is_open()) {
    return make_error(Error::Code::limit, "inotify is not available");
  }
  constexpr std::uint32_t kEvents = IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_ATTRIB;
  if (::inotify_add_watch(state_->events.native_handle(), directory.c_str(),
                          kEvents | IN_ONLYDIR) >= 0) {
    return {};
  }
  const auto code = errno == ENOENT   ? Error::Code::not_found
                    : errno == ENOSPC ? Error::Code::limit
                                      : Error::Code::unavailable;
  return make_error(code, "watch " + directory + ": " + std::generic_category().message(errno));
}

}  // namespace rastro
