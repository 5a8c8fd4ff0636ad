#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "daemon/source/descriptor.h"
#include "daemon/source/queued_lines.h"
#include "daemon/source/source.h"

namespace rastro {

struct SyslogSocketOptions {
  enum class Kind : std::uint8_t { unix_datagram, udp, tcp };
  Kind kind = Kind::unix_datagram;
  std::string host;  // a path, or an IPv4 or IPv6 address
  std::uint16_t port = 0;
  std::string own_host;  // of messages that name none, as local programs send them
  std::size_t spec = 0;
};

// Receives syslog messages: RFC 3164 and RFC 5424, on a Unix datagram socket, by UDP, or by TCP
// with octet counting or one message a line (RFC 6587). The mark "<PRI>" is taken off; a message
// without a host gets `own_host`, so that parsers know one form only.
//
// What is sent while nobody listens is lost: the time since the last line of an earlier run is a
// hole, and so is what the kernel says it dropped.
// Limits: kConnectionsMax TCP connections, a message of LineFramer::kLineBytesMax.
// Threads: the ingest thread only. `clock` is borrowed.
class SyslogSocket final : public Source {
 public:
  static constexpr std::size_t kConnectionsMax = 64;

  SyslogSocket(SyslogSocketOptions options, const std::vector<SourcePosition>& saved,
               SourceNumbers& numbers, const Clock& clock);
  ~SyslogSocket() override;

  const std::string& name() const override { return name_; }
  Result<Progress> poll(std::size_t budget_bytes) override;
  const SourceLine* next() override { return lines_.next(); }
  void take(std::optional<Time> stamp) override { lines_.take(stamp); }
  void take_positions(std::vector<SourcePosition>& changed) override {
    lines_.take_position(changed);
  }
  void take_holes(std::vector<CoverageHole>& holes) override;
  SourceCounters counters() const override { return lines_.counters(); }
  std::uint64_t lost_messages() const { return lost_; }
  std::uint64_t refused_connections() const { return refused_; }
  // The bound port: of tests that ask for port 0. 0 until the first poll().
  std::uint16_t port() const { return options_.port; }

  // How positions are named: "syslog:udp:127.0.0.1:514".
  static std::string name_of(const SyslogSocketOptions& options);

 private:
  struct Connection {
    Descriptor descriptor;
    std::string received;   // up to a message's end
    bool skipping = false;  // inside of a message that is longer than allowed
  };

  Result<void> open();
  Result<void> open_unix();
  Result<void> open_inet();
  bool receive_datagram();
  void note_dropped(std::uint32_t dropped_in_all);
  void accept_connections();
  // False: nothing came.
  bool receive_stream(Connection& connection, bool& closed);
  void take_messages(Connection& connection, bool at_end);
  void add(std::string_view message);

  SyslogSocketOptions options_;
  std::string name_;
  const Clock& clock_;
  QueuedLines lines_;
  Descriptor socket_;
  std::vector<Connection> connections_;
  std::string buffer_;
  std::vector<CoverageHole> holes_;
  std::uint32_t dropped_seen_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t refused_ = 0;
};

// The line that a syslog message stands for: without "<PRI>", with a host; one line whatever
// control characters it has. Empty: no message.
std::string line_of_message(std::string_view message, std::string_view own_host);

}  // namespace rastro
