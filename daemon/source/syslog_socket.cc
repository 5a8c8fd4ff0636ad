#include "daemon/source/syslog_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <system_error>
#include <utility>

#include "core/ascii.h"

namespace rastro {
namespace {

constexpr int kReceiveBufferBytes = 8 << 20;  // a quarter of a second at 300,000 lines/s
constexpr std::size_t kMessageBytesMax = LineFramer::kLineBytesMax;
constexpr std::size_t kOctetDigitsMax = 7;

Error failed(const std::string& what) {
  const auto code = errno == EACCES || errno == EPERM ? Error::Code::unavailable : Error::Code::io;
  return make_error(code, what + ": " + std::generic_category().message(errno));
}

// "<13>" in front of a message.
std::string_view without_priority(std::string_view message) {
  if (!message.starts_with('<')) return message;
  const auto end = message.find('>');
  const bool fine =
      end != std::string_view::npos && end >= 2 && end <= 4 &&
      std::all_of(message.begin() + 1, message.begin() + static_cast<long>(end), is_digit);
  return fine ? message.substr(end + 1) : message;
}

// "Nov 24 01:40:29 " in front: what local programs and BSD relays write.
constexpr std::size_t kBsdStampLength = 16;
bool has_bsd_stamp(std::string_view text) {
  return text.size() > kBsdStampLength && text[3] == ' ' && text[6] == ' ' && text[9] == ':' &&
         text[12] == ':' && text[15] == ' ' && is_digit(text[5]) && is_digit(text[14]);
}

SourcePosition fresh_position(const std::string& name, SourceNumbers& numbers) {
  SourcePosition position;
  position.source = numbers.next();
  position.path = name;
  return position;
}

}  // namespace

std::string line_of_message(std::string_view message, std::string_view own_host) {
  while (!message.empty() &&
         (message.back() == '\n' || message.back() == '\0' || message.back() == '\r')) {
    message.remove_suffix(1);
  }
  message = without_priority(message);
  std::string line;
  line.reserve(message.size() + own_host.size() + 1);
  if (has_bsd_stamp(message)) {
    const auto after = message.substr(kBsdStampLength);
    const auto word = after.substr(0, after.find(' '));
    // A tag where the host should stand: "postfix/smtpd[12]: ..." from a local program.
    const bool no_host = word.ends_with(':') || word.find('[') != std::string_view::npos;
    if (no_host) {
      line.append(message.substr(0, kBsdStampLength)).append(own_host).push_back(' ');
      message = after;
    }
  }
  append_escaped_line(line, message);
  return line;
}

std::string SyslogSocket::name_of(const SyslogSocketOptions& options) {
  if (options.kind == SyslogSocketOptions::Kind::unix_datagram)
    return "syslog:unix:" + options.host;
  const bool udp = options.kind == SyslogSocketOptions::Kind::udp;
  const bool v6 = options.host.find(':') != std::string::npos;
  return std::string("syslog:") + (udp ? "udp:" : "tcp:") +
         (v6 ? "[" + options.host + "]" : options.host) + ":" + std::to_string(options.port);
}

SyslogSocket::SyslogSocket(SyslogSocketOptions options, const std::vector<SourcePosition>& saved,
                           SourceNumbers& numbers, const Clock& clock)
    : options_(std::move(options)),
      name_(name_of(options_)),
      clock_(clock),
      lines_(fresh_position(name_, numbers), {}),
      buffer_(kMessageBytesMax + 1, '\0') {
  const auto position = lines_.position();
  lines_ = QueuedLines(position, {position.source, options_.spec, name_, name_, clock.wall()});
  std::optional<Time> last;
  for (const auto& old : saved) last = std::max(last, old.last_line_at);
  if (last) {
    holes_.push_back({name_, *last, std::max(*last, clock.wall()),
                      "rastrod was not running: what was sent to this socket is lost"});
  }
}

SyslogSocket::~SyslogSocket() {
  if (socket_ && options_.kind == SyslogSocketOptions::Kind::unix_datagram) {
    ::unlink(options_.host.c_str());
  }
}

Result<void> SyslogSocket::open() {
  auto done = options_.kind == SyslogSocketOptions::Kind::unix_datagram ? open_unix() : open_inet();
  if (!done) socket_ = Descriptor();
  return done;
}

Result<void> SyslogSocket::open_unix() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (options_.host.size() >= sizeof address.sun_path) {
    return make_error(Error::Code::invalid, options_.host + ": too long for a socket");
  }
  std::memcpy(address.sun_path, options_.host.c_str(), options_.host.size());
  struct stat old {};
  if (::lstat(options_.host.c_str(), &old) == 0) {
    if (!S_ISSOCK(old.st_mode)) {
      return make_error(Error::Code::invalid, options_.host + " exists and is no socket");
    }
    ::unlink(options_.host.c_str());
  }
  socket_ = Descriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket_) return failed("make a socket");
  if (::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    return failed("bind " + options_.host);
  }
  const int size = kReceiveBufferBytes;
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  return {};
}

Result<void> SyslogSocket::open_inet() {
  sockaddr_storage address{};
  socklen_t length = 0;
  const bool v6 = options_.host.find(':') != std::string::npos;
  if (v6) {
    auto& in6 = reinterpret_cast<sockaddr_in6&>(address);
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(options_.port);
    inet_pton(AF_INET6, options_.host.c_str(), &in6.sin6_addr);
    length = sizeof in6;
  } else {
    auto& in4 = reinterpret_cast<sockaddr_in&>(address);
    in4.sin_family = AF_INET;
    in4.sin_port = htons(options_.port);
    inet_pton(AF_INET, options_.host.c_str(), &in4.sin_addr);
    length = sizeof in4;
  }
  const bool udp = options_.kind == SyslogSocketOptions::Kind::udp;
  socket_ = Descriptor(::socket(
      v6 ? AF_INET6 : AF_INET, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket_) return failed("make a socket for " + name_);
  const int on = 1;
  const int size = kReceiveBufferBytes;
  if (udp) {
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  } else {
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  }
  auto* bound = reinterpret_cast<sockaddr*>(&address);
  if (::bind(socket_.get(), bound, length) != 0) return failed("bind " + name_);
  if (!udp && ::listen(socket_.get(), 16) != 0) return failed("listen on " + name_);
  if (options_.port == 0 && ::getsockname(socket_.get(), bound, &length) == 0) {
    options_.port = ntohs(v6 ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                             : reinterpret_cast<sockaddr_in&>(address).sin_port);
  }
  return {};
}

Result<Progress> SyslogSocket::poll(std::size_t budget_bytes) {
  Progress progress;
  if (!lines_.empty()) return progress;
  if (!socket_) {
    if (auto done = open(); !done) return done.error();
  }
  const auto before = lines_.counters().bytes;
  const auto read_bytes = [&] {
    return static_cast<std::size_t>(lines_.counters().bytes - before);
  };
  bool came = true;
  if (options_.kind != SyslogSocketOptions::Kind::tcp) {
    while (came && read_bytes() < budget_bytes) came = receive_datagram();
  } else {
    accept_connections();
    while (came && read_bytes() < budget_bytes) {
      came = false;
      for (std::size_t i = 0; i < connections_.size();) {
        bool closed = false;
        came = receive_stream(connections_[i], closed) || came;
        if (closed) {
          connections_.erase(connections_.begin() + static_cast<std::ptrdiff_t>(i));
        } else {
          ++i;
        }
      }
    }
  }
  progress.bytes = read_bytes();
  progress.more = came && progress.bytes > 0;
  return progress;
}

bool SyslogSocket::receive_datagram() {
  iovec part{buffer_.data(), buffer_.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(std::uint32_t))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const auto got = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT);
  if (got < 0) return errno == EINTR;
  for (auto* at = CMSG_FIRSTHDR(&message); at != nullptr; at = CMSG_NXTHDR(&message, at)) {
    if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SO_RXQ_OVFL) continue;
    std::uint32_t dropped = 0;
    std::memcpy(&dropped, CMSG_DATA(at), sizeof dropped);
    note_dropped(dropped);
  }
  add(std::string_view(buffer_).substr(0, static_cast<std::size_t>(got)));
  return true;
}

void SyslogSocket::note_dropped(std::uint32_t dropped_in_all) {
  const auto fresh = dropped_in_all - dropped_seen_;
  dropped_seen_ = dropped_in_all;
  if (fresh == 0) return;
  lost_ += fresh;
  const auto from = lines_.position().last_line_at.value_or(clock_.wall());
  holes_.push_back({name_, std::min(from, clock_.wall()), clock_.wall(),
                    "the kernel dropped " + std::to_string(fresh) +
                        " messages: they came faster than they were read"});
}

void SyslogSocket::accept_connections() {
  for (;;) {
    Descriptor accepted(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!accepted) return;
    if (connections_.size() >= kConnectionsMax) {
      ++refused_;
      continue;
    }
    connections_.push_back({std::move(accepted), {}, false});
  }
}

bool SyslogSocket::receive_stream(Connection& connection, bool& closed) {
  const auto got =
      ::recv(connection.descriptor.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
  if (got < 0) {
    closed = errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR;
    return false;
  }
  closed = got == 0;
  connection.received.append(buffer_, 0, static_cast<std::size_t>(got));
  take_messages(connection, closed);
  return got > 0;
}

// RFC 6587: "123 <13>..." counts octets; anything else ends with its line.
void SyslogSocket::take_messages(Connection& connection, bool at_end) {
  std::string_view rest = connection.received;
  while (!rest.empty()) {
    std::size_t octets = 0;
    const auto [digits, error] =
        std::from_chars(rest.data(), rest.data() + std::min(rest.size(), kOctetDigitsMax), octets);
    const auto counted = static_cast<std::size_t>(digits - rest.data());
    if (!connection.skipping && error == std::errc() && rest.front() != '0' &&
        counted < rest.size() && rest[counted] == ' ') {
      if (octets > kMessageBytesMax) {  // not ours to wait for: the connection has lost its way
        rest = {};
        connection.skipping = true;
        ++lost_;
        break;
      }
      if (rest.size() - counted - 1 < octets) break;
      add(rest.substr(counted + 1, octets));
      rest.remove_prefix(counted + 1 + octets);
      continue;
    }
    const bool maybe_count = error == std::errc() && counted == rest.size() && !at_end;
    if (maybe_count) break;  // the digits may go on
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) break;
    if (!std::exchange(connection.skipping, false)) add(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  const bool too_long = rest.size() > kMessageBytesMax;
  if ((at_end && !rest.empty()) || too_long) {
    if (!connection.skipping) add(rest);
    connection.skipping = too_long;
    rest = {};
  }
  connection.received = std::string(rest);
}

void SyslogSocket::add(std::string_view message) {
  auto line = line_of_message(message, options_.own_host);
  if (!line.empty()) lines_.add(std::move(line), {});
}

void SyslogSocket::take_holes(std::vector<CoverageHole>& holes) {
  std::ranges::move(holes_, std::back_inserter(holes));
  holes_.clear();
}

}  // namespace rastro
