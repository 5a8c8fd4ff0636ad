#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <cstdio>

#include "daemon/http/follow.h"
#include "daemon/http/session.h"

// The part of a session that sends server-sent events (WHATWG HTML, 9.2) in chunks.
namespace rastro {
namespace {

using boost::beast::error_code;

constexpr std::string_view kHeader =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
    "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n";

std::string chunk(std::string_view text) {
  std::array<char, 24> size{};
  std::snprintf(size.data(), size.size(), "%zx\r\n", text.size());
  return std::string(size.data()).append(text).append("\r\n");
}

}  // namespace

void HttpSession::start_stream(std::shared_ptr<const Follower> follower) {
  outbox_ = kHeader;
  outbox_ += chunk(": following\n\n");
  watch_for_end();
  write_outbox();
  host_.follow(shared_from_this(), std::move(follower));
}

void HttpSession::push_events(std::string_view events) {
  if (closed_ || events.empty()) return;
  if (outbox_.size() + events.size() > host_.limits().outbox_bytes_max) return close();
  outbox_ += chunk(events);
  write_outbox();
}

// A follower has nothing more to say: what comes is its end.
void HttpSession::watch_for_end() {
  buffer_.clear();
  // The socket itself: the stream's clock is for the writing.
  stream_.socket().async_read_some(
      buffer_.prepare(1024), [self = shared_from_this()](error_code error, std::size_t bytes) {
        if (self->closed_) return;
        if (error || bytes == 0) return self->close();
        self->watch_for_end();
      });
}

void HttpSession::write_outbox() {
  if (closed_ || !writing_.empty() || outbox_.empty()) return;
  writing_.swap(outbox_);
  stream_.expires_after(host_.limits().stall_max);
  boost::asio::async_write(stream_, boost::asio::buffer(writing_),
                           [self = shared_from_this()](error_code error, std::size_t /*bytes*/) {
                             if (self->closed_) return;
                             if (error) return self->close();
                             self->writing_.clear();
                             self->stream_.expires_never();
                             self->write_outbox();
                           });
}

}  // namespace rastro
