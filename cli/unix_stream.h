#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <cerrno>
#include <chrono>

namespace rastro::cli {

// A connected socket as Beast's synchronous calls want it, with a limit on every single wait;
// Asio's own blocking socket waits for ever whatever SO_RCVTIMEO says. Owns the descriptor.
class UnixStream {
 public:
  UnixStream(int descriptor, std::chrono::milliseconds timeout)
      : descriptor_(descriptor), timeout_(timeout) {}
  UnixStream(const UnixStream&) = delete;
  UnixStream& operator=(const UnixStream&) = delete;
  ~UnixStream() { close(descriptor_); }

  void set_timeout(std::chrono::milliseconds timeout) { timeout_ = timeout; }

  template <class Buffers>
  std::size_t read_some(const Buffers& buffers, boost::system::error_code& error) {
    const auto into = *boost::asio::buffer_sequence_begin(buffers);
    if (!wait_for(POLLIN, error)) return 0;
    const auto got = recv(descriptor_, into.data(), into.size(), 0);
    if (got == 0 && into.size() > 0) error = boost::asio::error::eof;
    return finished(got, error);
  }
  template <class Buffers>
  std::size_t write_some(const Buffers& buffers, boost::system::error_code& error) {
    const auto from = *boost::asio::buffer_sequence_begin(buffers);
    if (!wait_for(POLLOUT, error)) return 0;
    return finished(send(descriptor_, from.data(), from.size(), MSG_NOSIGNAL), error);
  }
  // What Beast asks of a stream beside the two above; they throw.
  template <class Buffers>
  std::size_t read_some(const Buffers& buffers) {
    boost::system::error_code error;
    const auto size = read_some(buffers, error);
    if (error) throw boost::system::system_error(error);
    return size;
  }
  template <class Buffers>
  std::size_t write_some(const Buffers& buffers) {
    boost::system::error_code error;
    const auto size = write_some(buffers, error);
    if (error) throw boost::system::system_error(error);
    return size;
  }

 private:
  bool wait_for(short events, boost::system::error_code& error) const {
    error = {};
    pollfd ready{descriptor_, events, 0};
    const int wait = timeout_.count() == 0 ? -1 : static_cast<int>(timeout_.count());
    int got = 0;
    do {
      got = poll(&ready, 1, wait);
    } while (got < 0 && errno == EINTR);
    if (got == 0) error = boost::asio::error::timed_out;
    if (got < 0) error = {errno, boost::system::system_category()};
    return got > 0;
  }
  static std::size_t finished(ssize_t size, boost::system::error_code& error) {
    if (size < 0) error = {errno, boost::system::system_category()};
    return size < 0 ? 0 : static_cast<std::size_t>(size);
  }

  int descriptor_;
  std::chrono::milliseconds timeout_;
};

}  // namespace rastro::cli
